// SPDX-License-Identifier: Apache-2.0
#include "disk/placement.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace iopslimit {
namespace {

using Devices = std::vector<const BlockDevice*>;

// Block devices that are not disks, although no block device is below them: they store their data
// in a file, in memory or over a network.
constexpr std::pair<std::string_view, std::string_view> not_disks[] = {
    {"loop", "the loop device"}, {"zram", "the compressed memory disk"},
    {"ram", "the memory disk"},  {"nbd", "the network block device"},
    {"rbd", "the Ceph device"},  {"drbd", "the replicated device"},
    {"zd", "the ZFS volume"},
};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string shown(const BlockDevice& device) {
  if (!device.dm_name.empty()) return device.dm_name;
  if (!device.md_level.empty()) return device.name + " " + device.md_level;
  if (!device.backing_file.empty()) return device.name + " of " + device.backing_file;
  return device.name;
}

void add_once(Devices& devices, const BlockDevice& device) {
  if (std::ranges::find(devices, &device) == devices.end()) devices.push_back(&device);
}

// Finds devices in a stack and walks down. The facts may contain anything, even a cycle.
class Walk {
 public:
  explicit Walk(const DataStack& stack) : stack_(stack) {}

  const BlockDevice* find(const std::string& name) const {
    const auto found = std::ranges::find(stack_.devices, name, &BlockDevice::name);
    return found == stack_.devices.end() ? nullptr : &*found;
  }
  Devices find_all(const std::vector<std::string>& names) const {
    Devices found;
    for (const std::string& name : names) {
      if (const BlockDevice* device = find(name)) add_once(found, *device);
    }
    return found;
  }
  Devices members() const { return find_all(stack_.members); }

  // A partition does not accept a rule (ENODEV, blk-throttle.c), its disk does.
  const BlockDevice& workload(const BlockDevice& device) const {
    const BlockDevice* whole = device.whole.empty() ? nullptr : find(device.whole);
    return whole == nullptr ? device : *whole;
  }
  Devices below(const BlockDevice& device) const { return find_all(workload(device).slaves); }

  // Returns the stack layer by layer, each device once.
  std::vector<Devices> layers() const {
    std::vector<Devices> all;
    std::set<const BlockDevice*> seen;
    for (Devices layer = members(); !layer.empty();) {
      std::erase_if(layer, [&seen](const BlockDevice* one) { return !seen.insert(one).second; });
      if (layer.empty()) break;
      Devices next;
      for (const BlockDevice* device : layer) {
        for (const BlockDevice* one : below(*device)) add_once(next, *one);
      }
      all.push_back(std::exchange(layer, std::move(next)));
    }
    return all;
  }

  Devices disks() const {
    Devices found;
    for (const Devices& layer : layers()) {
      for (const BlockDevice* device : layer) {
        if (below(*device).empty()) add_once(found, workload(*device));
      }
    }
    return found;
  }

 private:
  const DataStack& stack_;
};

bool has(const Devices& devices, const BlockDevice& device) {
  return std::ranges::find(devices, &device) != devices.end();
}

std::string describe_layers(const std::vector<Devices>& layers, const Devices& rules) {
  std::string text;
  for (const Devices& layer : layers) {
    std::vector<std::string> names;
    for (const BlockDevice* device : layer) {
      const bool rule = has(rules, *device);
      names.push_back(shown(*device) + (rule ? " (" + to_string(device->devnum) + ")" : ""));
    }
    text += " on " + join(names);
  }
  return text;
}

std::string describe_rules(const std::vector<Devices>& layers, const Devices& rules) {
  std::vector<std::string> names;
  for (const BlockDevice* device : rules) {
    const bool in_chain =
        std::ranges::any_of(layers, [device](const Devices& layer) { return has(layer, *device); });
    const std::string number = to_string(device->devnum);
    names.push_back(in_chain ? number : shown(*device) + " (" + number + ")");
  }
  return (rules.size() == 1 ? "; rule on " : "; rules on ") + join(names);
}

// Describes the disk when everything is on a single one; empty otherwise.
std::string describe_disk(const Devices& disks) {
  if (disks.size() != 1) return "";
  const BlockDevice& disk = *disks.front();
  std::string text;
  if (!disk.model.empty()) text += ", " + disk.model;
  if (!disk.serial.empty()) text += ", serial " + disk.serial;
  if (disk.namespace_id != 0) text += ", namespace " + std::to_string(disk.namespace_id);
  return text;
}

// Returns the number of disks over which the I/O to `device` spreads evenly; nothing when that
// cannot be known, as for device-mapper, whose tables sysfs does not show.
std::optional<unsigned> even_spread(const Walk& walk, const BlockDevice& device, unsigned depth) {
  const Devices below = walk.below(device);
  if (below.empty()) return 1;
  if (below.size() > 1 && walk.workload(device).md_level != "raid0") return std::nullopt;
  if (depth == 0) return std::nullopt;
  const auto first = even_spread(walk, *below.front(), depth - 1);
  for (const BlockDevice* one : below) {
    if (!first || even_spread(walk, *one, depth - 1) != first) return std::nullopt;
  }
  return static_cast<unsigned>(below.size()) * *first;
}

unsigned divisor(const Walk& walk, const DataStack& stack, LimitAt limit_at, std::size_t rules) {
  constexpr unsigned deepest = 4;
  if (rules == 1) return 1;
  const Devices members = walk.members();
  unsigned even = static_cast<unsigned>(members.size());
  if (even > 1 && stack.profile != "raid0") return 1;
  if (limit_at == LimitAt::disk) {
    const auto below = even_spread(walk, *members.front(), deepest);
    for (const BlockDevice* member : members) {
      if (!below || even_spread(walk, *member, deepest) != below) return 1;
    }
    even *= *below;
  }
  return even == rules ? even : 1;  // not even when two parts share a disk
}

std::string several(const Placement& placement, const DataStack& stack, LimitAt limit_at) {
  const std::string count = std::to_string(placement.rules.size());
  if (placement.divisor > 1) {
    return "each of the " + count + " devices of " + stack.mount + " carries 1/" +
           std::to_string(placement.divisor) +
           " of a container's limit: its total is the limit while its I/O spreads over all of them "
           "(raid0), and less when it uses one alone";
  }
  std::string text =
      "each of the " + count + " devices of " + stack.mount +
      " carries a container's whole limit: one that uses them all at once can reach " + count +
      " times its limit";
  if (limit_at == LimitAt::disk && stack.members.size() == 1)
    text += "; [device] limit_at = volume is exact";
  return text;
}

// RAID levels at which a kernel thread passes writes on (raid5d, drivers/md/raid5.c), so that the
// disks below do not know the writer's cgroup. Measured: no rule on those disks limits the writes.
// With dm-crypt the writer is known.
bool hides_writers(const BlockDevice& device) {
  return device.md_level == "raid4" || device.md_level == "raid5" || device.md_level == "raid6";
}

// RAID levels at which checks, and copies to a new or returning member, wait until the I/O in the
// same region is complete (raise_barrier(), drivers/md/raid1.c and raid10.c). With a rule on the
// disks below, they wait for the I/O that the rule delays.
bool copies_wait(const BlockDevice& device) {
  return device.md_level == "raid1" || device.md_level == "raid10";
}

std::vector<std::string> cautions(const std::vector<Devices>& layers, const Placement& placement,
                                  const DataStack& stack, LimitAt limit_at) {
  std::vector<std::string> all;
  if (placement.rules.size() > 1) all.push_back(several(placement, stack, limit_at));
  if (limit_at != LimitAt::disk) return all;
  for (const Devices& layer : layers) {
    for (const BlockDevice* device : layer) {
      if (hides_writers(*device)) {
        all.push_back(
            "writes to " + stack.mount + " are NOT limited: " + shown(*device) +
            " sends them to the disks in the kernel's name; set [device] limit_at = volume");
      } else if (copies_wait(*device)) {
        all.push_back(
            "rebuilds and checks of " + shown(*device) +
            " wait for what limits on its members hold back, and take many times as long beside a "
            "busy container; set [device] limit_at = volume");
      }
    }
  }
  return all;
}

std::optional<Unsupported> refused(const Devices& rules, const std::string& mount) {
  for (const BlockDevice* device : rules) {
    for (const auto& [prefix, kind] : not_disks) {
      if (!device->name.starts_with(prefix)) continue;
      return Unsupported{mount + " ends at " + std::string(kind) + " " + shown(*device) +
                         ", below which there is no disk to limit: set [device] limit_at = volume, "
                         "which limits the device itself"};
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<Placement, Unsupported> place_rules(const DataStack& stack, LimitAt limit_at) {
  const Walk walk(stack);
  const std::vector<Devices> layers = walk.layers();
  const Devices disks = walk.disks();
  Devices rules;
  if (limit_at == LimitAt::disk) {
    rules = disks;
    if (auto why = refused(rules, stack.mount)) return *why;
  } else {
    for (const BlockDevice* member : walk.members()) add_once(rules, walk.workload(*member));
  }
  if (rules.empty()) {
    return Unsupported{stack.mount + " (" + stack.file_system +
                       ") is on no block device that is there: check its disks with lsblk"};
  }
  Placement placement;
  for (const BlockDevice* rule : rules) {
    const bool whole = rule->whole.empty() && walk.below(*rule).empty();
    placement.rules.push_back({rule->devnum, rule->identity, whole});
  }
  placement.divisor = divisor(walk, stack, limit_at, rules.size());
  placement.chain = stack.mount + " = " + stack.file_system + describe_layers(layers, rules) +
                    describe_rules(layers, rules) + describe_disk(disks);
  placement.cautions = cautions(layers, placement, stack, limit_at);
  return placement;
}

std::vector<std::string> shared_system_mounts(const Placement& placement,
                                              const std::vector<SystemMount>& system_mounts) {
  std::vector<std::string> shared;
  for (const SystemMount& mount : system_mounts) {
    const bool on_it = std::ranges::any_of(placement.rules, [&mount](const RuleDevice& rule) {
      return std::ranges::find(mount.devices, rule.devnum) != mount.devices.end();
    });
    if (on_it) shared.push_back(mount.path);
  }
  return shared;
}

}  // namespace iopslimit
