// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/verify.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "diagnosis/load.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

std::optional<Rule> rule_on(const std::vector<Rule>& rules, Devnum device) {
  const auto found = std::ranges::find(rules, device, &Rule::device);
  return found == rules.end() ? std::nullopt : std::optional(*found);
}

std::string wording(const std::optional<Rule>& service, const std::optional<Rule>& kernel) {
  if (!kernel) return "should hold " + describe(*service) + "; the kernel holds no rule";
  if (!service) return "should hold no rule; the kernel holds " + describe(*kernel);
  return "should hold " + describe(*service) + "; the kernel holds " + to_string(kernel->limit);
}

class Comparer {
 public:
  Comparer(const Snapshot& snapshot, const RulesOf& kernel)
      : devices_(devices_of(snapshot)), kernel_(kernel) {}

  void compare_cgroup(const std::string& cgroup, const std::string& shown,
                      const std::vector<Rule>& rules) {
    const auto held = kernel_(cgroup);
    if (!held && rules.empty()) return;
    std::set<Devnum> devices(devices_.begin(), devices_.end());
    for (const Rule& rule : rules) devices.insert(rule.device);
    for (const Devnum device : devices) {
      const auto service = rule_on(rules, device);
      const auto found = held ? rule_on(*held, device) : std::nullopt;
      if (service) ++result.rules;
      if (service != found)
        result.differences.push_back({cgroup, shown, service, found, wording(service, found)});
    }
  }
  void add_unknown(const std::string& cgroup) {
    result.differences.push_back({cgroup, cgroup, std::nullopt, std::nullopt,
                                  "is a container that the service does not know"});
  }

  Comparison result;

 private:
  std::vector<Devnum> devices_;
  const RulesOf& kernel_;
};

bool is_waiting(const DeviceView& device) {
  return device.state != DeviceState::limited;
}

// The total of all pods on a device of which the kernel keeps totals; v1 keeps none.
void add_missing_totals(const Snapshot& snapshot, std::vector<Missing>& missing) {
  for (const TotalView& total : snapshot.totals) {
    for (const DeviceView& device : snapshot.devices) {
      const auto lacks = [&](Devnum one) { return !rule_on(total.rules, one); };
      if (device.total_iops != 0 && !is_waiting(device) &&
          std::ranges::any_of(device.devices, lacks))
        missing.push_back(
            {total.cgroup, "the total of " + total.cgroup, "is not in force on " + device.mount});
    }
  }
}

void add_missing(const Snapshot& snapshot, std::vector<Missing>& missing) {
  for (const DeviceView& device : snapshot.devices) {
    if (!is_waiting(device)) continue;
    const bool refused = device.state == DeviceState::refused;
    missing.push_back(
        {{}, device.mount, (refused ? "cannot be limited: " : "is waited for: ") + device.text});
  }
  const bool waiting = snapshot.cleared || !missing.empty();
  for (const WorkloadView& one : snapshot.containers) {
    if (one.state == State::failed)
      missing.push_back({one.path.cgroup, shown_name(one), "is not limited: " + one.error});
    if (one.state == State::pending && waiting)
      missing.push_back({one.path.cgroup, shown_name(one),
                         snapshot.cleared ? "is not limited since 'iopsctl clear'"
                                          : "is not limited yet: it waits for its data mount"});
  }
  add_missing_totals(snapshot, missing);
}

// A container is listed as itself, as its pod (scope = pod), or as the leaf that holds its
// processes.
bool is_listed(const std::set<std::string_view>& cgroups, const ContainerPath& path) {
  return cgroups.contains(path.cgroup) || cgroups.contains(pod_cgroup_of(path)) ||
         cgroups.contains(process_leaf_of(path));
}

}  // namespace

Comparison compare(const Snapshot& snapshot, const std::vector<ContainerPath>& present,
                   const RulesOf& kernel) {
  Comparer comparer(snapshot, kernel);
  std::set<std::string_view> cgroups;
  for (const WorkloadView& one : snapshot.containers) {
    cgroups.insert(one.path.cgroup);
    comparer.compare_cgroup(one.path.cgroup, shown_name(one), one.rules);
  }
  for (const TotalView& total : snapshot.totals)
    comparer.compare_cgroup(total.cgroup, "the total of " + total.cgroup, total.rules);
  for (const ContainerPath& path : present) {
    if (!is_listed(cgroups, path)) comparer.add_unknown(path.cgroup);
  }
  add_missing(snapshot, comparer.result.missing);
  return std::move(comparer.result);
}

void add_strays(const std::vector<Stray>& strays, const Snapshot& snapshot,
                Comparison& comparison) {
  for (const Stray& stray : strays) {
    const auto is_its = [&stray](const WorkloadView& one) {
      return one.path.id == stray.container->id && !one.rules.empty();
    };
    const auto found = std::ranges::find_if(snapshot.containers, is_its);
    if (found == snapshot.containers.end()) continue;
    comparison.missing.push_back({stray.cgroup, shown_name(*found),
                                  "has processes in " + stray.cgroup +
                                      ", which has no rule: with cgroup v1 the container's limit "
                                      "does not hold there"});
  }
}

Comparison in_both(const Comparison& first, Comparison second) {
  std::erase_if(second.differences, [&first](const Difference& one) {
    return std::ranges::find(first.differences, one) == first.differences.end();
  });
  std::erase_if(second.missing, [&first](const Missing& one) {
    return std::ranges::find(first.missing, one) == first.missing.end();
  });
  return second;
}

HealthCheck answering() {
  return {"service", true, "it answers: its loop turns"};
}

std::vector<HealthCheck> health_of(const Snapshot& snapshot, const Comparison& comparison) {
  const auto containers = static_cast<std::uint64_t>(std::ranges::count_if(
      comparison.missing, [](const Missing& one) { return !one.cgroup.empty(); }));
  const std::size_t different = comparison.differences.size();
  const std::string problem = snapshot.problems.empty() ? "" : snapshot.problems.front();
  const auto mount = std::ranges::find_if(comparison.missing,
                                          [](const Missing& one) { return one.cgroup.empty(); });
  const bool placed = mount == comparison.missing.end();
  return {
      answering(),
      {"devices", placed,
       placed ? counted(snapshot.devices.size(), "data mount", "data mounts") + ", all limited"
              : mount->shown + " " + mount->text},
      {"containers", containers == 0 && !snapshot.cleared,
       snapshot.cleared
           ? "every limit was taken away by 'iopsctl clear': 'iopsctl reload' brings "
             "them back"
           : counted(containers, "container is", "containers are") + " not limited that should be"},
      {"rules", different == 0,
       different == 0
           ? counted(comparison.rules, "rule holds", "rules hold")
           : counted(different, "rule does", "rules do") + " not hold: see 'iopsctl verify'"},
      {"node", problem.empty(),
       problem.empty() ? "the service sees every cgroup, mount and disk" : problem}};
}

}  // namespace iopslimit
