// SPDX-License-Identifier: Apache-2.0
#include "control/data_mounts.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace iopslimit {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string also_holds(const DataMount& mount, const std::vector<std::string>& shared) {
  return "the disk of " + mount.mount + " also holds " + join(shared);
}

std::string shared_warning(const DataMount& mount, const std::vector<std::string>& shared) {
  return also_holds(mount, shared) +
         ": a container's I/O there counts against the same limit, and one that waits for its "
         "limit "
         "can hold up the fsync of others on the same file system; give " +
         mount.mount + " a disk of its own, or set " + mount.section +
         " shared_disk = allow to say that this is meant";
}

std::string shared_refusal(const DataMount& mount, const std::vector<std::string>& shared) {
  return also_holds(mount, shared) + ", and " + mount.section +
         " shared_disk = refuse: nothing is limited there; give " + mount.mount +
         " a disk of its own, or set shared_disk = warn";
}

Target& target_on(const RuleDevice& device, Targets& targets) {
  const auto known = std::ranges::find(targets, device, &Target::device);
  if (known != targets.end()) return *known;
  targets.push_back({.device = device, .uses = {}});
  return targets.back();
}

}  // namespace

void DataMounts::configure(const Config& config) {
  std::vector<Known> old = std::exchange(mounts_, {});
  for (DataMount& mount : config.data_mounts()) {
    const auto same = std::ranges::find_if(old, [&mount](const Known& known) {
      return known.configured.mount == mount.mount && known.configured.limit_at == mount.limit_at;
    });
    mounts_.push_back(same == old.end() ? Known{} : std::move(*same));
    if (same != old.end()) old.erase(same);
    mounts_.back().configured = std::move(mount);
  }
  set_targets();
}

std::vector<Event> DataMounts::scan(const DiskFacts& facts) {
  std::vector<Event> events;
  const Targets before = targets_;
  drop_lost(facts);
  for (std::size_t i = 0; i < mounts_.size() && i < facts.mounts.size(); ++i) {
    Known& known = mounts_[i];
    const auto absent = [&](Severity severity, Action action, const std::string& why) {
      if (known.absent != why) events.push_back(service_event(severity, action, why));
      known.absent = why;
      known.refused = severity == Severity::error;
    };
    if (const auto* gone = std::get_if<NotMounted>(&facts.mounts[i])) {
      absent(Severity::notice, Action::waiting, gone->why);
    } else if (const auto* bad = std::get_if<Unsupported>(&facts.mounts[i])) {
      absent(Severity::error, Action::refused, bad->why);
    } else {
      const std::string refused =
          resolve(known, std::get<DataStack>(facts.mounts[i]), facts.system_mounts, events);
      if (!refused.empty()) absent(Severity::error, Action::refused, refused);
    }
  }
  set_targets();
  announce_shared_targets(before, events);
  return events;
}

void DataMounts::drop_lost(const DiskFacts& facts) {
  lost_.clear();
  for (const Target& target : targets_) {
    const auto now = facts.identities.find(target.device.devnum);
    if (now != facts.identities.end() && now->second != target.device.identity)
      lost_.push_back(target.device.devnum);
  }
  const auto is_lost = [this](const RuleDevice& rule) {
    return std::ranges::find(lost_, rule.devnum) != lost_.end();
  };
  for (Known& known : mounts_) {
    if (!known.placement) continue;
    std::erase_if(known.placement->rules, is_lost);
    if (!known.placement->rules.empty()) continue;
    known.placement.reset();
    known.absent = known.configured.mount + ": its disk is gone";
  }
}

// Returns why the mount is refused; empty if its devices are resolved.
std::string DataMounts::resolve(Known& known, const DataStack& stack,
                                const std::vector<SystemMount>& system_mounts,
                                std::vector<Event>& events) {
  const DataMount& mount = known.configured;
  std::variant<Placement, Unsupported> answer = place_rules(stack, mount.limit_at);
  if (const auto* bad = std::get_if<Unsupported>(&answer)) return bad->why;
  auto& placement = std::get<Placement>(answer);
  std::vector<std::string> shared = shared_system_mounts(placement, system_mounts);
  if (!shared.empty() && mount.shared_disk == SharedDisk::refuse)
    return shared_refusal(mount, shared);
  if (!known.absent.empty() || known.placement != placement) {
    events.push_back(service_event(Severity::notice, Action::device, placement.chain));
    for (const std::string& caution : placement.cautions)
      events.push_back(service_event(Severity::warning, Action::degraded, caution));
  }
  if (mount.shared_disk == SharedDisk::allow) shared.clear();
  if (!shared.empty() && shared != known.shared)
    events.push_back(
        service_event(Severity::warning, Action::degraded, shared_warning(mount, shared)));
  known.shared = std::move(shared);
  known.placement = std::move(placement);
  known.absent.clear();
  return "";
}

void DataMounts::set_targets() {
  targets_.clear();
  for (const bool mounted : {true, false}) {  // mounted ones first: they determine the limit
    for (std::size_t i = 0; i < mounts_.size(); ++i) {
      const Known& known = mounts_[i];
      if (!known.placement || known.absent.empty() != mounted) continue;
      for (const RuleDevice& rule : known.placement->rules) {
        Target& target = target_on(rule, targets_);
        if (!mounted && target.mounted && !target.uses.empty()) continue;
        const unsigned divisor = known.placement->divisor;
        target.mounted = mounted;
        if (target.uses.empty()) target.sharing = known.configured.sharing;
        target.uses.push_back({.mount = i, .divisor = divisor});
        const Limit total = part_of(symmetric(known.configured.total_iops), divisor);
        target.total_iops = stricter(symmetric(target.total_iops), total).read_iops;
      }
    }
  }
}

void DataMounts::announce_shared_targets(const Targets& before, std::vector<Event>& events) const {
  for (const Target& target : targets_) {
    if (target.uses.size() < 2) continue;
    const auto old = std::ranges::find(before, target.device, &Target::device);
    if (old != before.end() && old->uses == target.uses) continue;
    std::vector<std::string> mounts;
    for (const Target::Use& use : target.uses)
      mounts.push_back(mounts_[use.mount].configured.mount);
    events.push_back(
        service_event(Severity::notice, Action::degraded,
                      join(mounts) + " are on one device (" + to_string(target.device.devnum) +
                          "), which has one rule for them: of their limits and totals the "
                          "stricter counts, each direction by itself"));
  }
}

bool DataMounts::all_placed() const {
  return std::ranges::all_of(mounts_,
                             [](const Known& known) { return known.placement.has_value(); });
}

void DataMounts::keep(const std::vector<Rule>& held, std::vector<Rule>& rules) const {
  for (const Rule& rule : held) {
    const auto target = std::ranges::find_if(
        targets_, [&rule](const Target& one) { return one.device.devnum == rule.device; });
    if (target == targets_.end() ? !all_placed() : !target->mounted) rules.push_back(rule);
  }
}

bool DataMounts::any_mounted() const {
  return std::ranges::any_of(mounts_, [](const Known& known) { return known.absent.empty(); });
}

std::string DataMounts::status() const {
  std::string text;
  for (const Known& known : mounts_) {
    if (!text.empty()) text += "; ";
    text += known.absent.empty() ? known.placement->chain : "waiting: " + known.absent;
  }
  return text;
}

std::vector<DeviceView> DataMounts::views() const {
  std::vector<DeviceView> views;
  for (const Known& known : mounts_) {
    DeviceView view;
    const std::string& section = known.configured.section;  // "[device]", "[device logs]"
    constexpr std::size_t before_name = std::string_view("[device ").size();
    if (section.size() > before_name)
      view.name = section.substr(before_name, section.size() - before_name - 1);
    view.mount = known.configured.mount;
    view.total_iops = known.configured.total_iops;
    if (known.absent.empty()) {
      view.state = DeviceState::limited;
      view.text = known.placement->chain;
      view.cautions = known.placement->cautions;
    } else {
      view.state = known.refused ? DeviceState::refused : DeviceState::waiting;
      view.text = known.absent;
    }
    if (known.placement) {
      for (const RuleDevice& rule : known.placement->rules) view.devices.push_back(rule.devnum);
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace iopslimit
