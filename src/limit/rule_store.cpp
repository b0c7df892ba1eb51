// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_store.hpp"

#include <algorithm>
#include <utility>

#include "cgroup/path.hpp"

namespace iopslimit {

bool may_hold_rules(std::string_view cgroup) {
  const CgroupPlace place = place_of(cgroup, {.docker = true, .podman = true});
  return place == CgroupPlace::container || place == CgroupPlace::pod ||
         place == CgroupPlace::kubepods;
}

HeldRules::HeldRules(LimitSink& sink, std::vector<RulePlace> ours) : sink_(sink) {
  for (RulePlace& place : ours) {
    if (!may_hold_rules(place.cgroup)) continue;
    left_[std::move(place.cgroup)].push_back({place.device, Limit{}});
  }
}

std::vector<Rule> HeldRules::adopt(const std::string& cgroup) {
  std::vector<Rule> held;
  const auto left = left_.find(cgroup);
  if (left == left_.end()) return held;
  for (const Rule& rule : left->second) {
    const auto limit = sink_.read({cgroup, rule.device});
    if (limit && !limit->unlimited()) held.push_back({rule.device, *limit});
  }
  left_.erase(left);
  return held;
}

void HeldRules::leave(const std::string& cgroup, const std::vector<Rule>& held) {
  if (!held.empty()) left_[cgroup] = held;
}

void HeldRules::release_left() {
  for (const auto& [cgroup, rules] : std::exchange(left_, {})) release(cgroup, rules);
}

void HeldRules::each_left(const std::function<void(const std::string&, const Rule&)>& see) const {
  for (const auto& [cgroup, rules] : left_) {
    for (const Rule& rule : rules) {
      const auto limit = sink_.read({cgroup, rule.device});
      if (limit && !limit->unlimited()) see(cgroup, {rule.device, *limit});
    }
  }
}

std::error_code HeldRules::write(const std::string& cgroup, const std::vector<Rule>& wanted,
                                 std::vector<Rule>& held) {
  std::error_code first;
  for (const Rule& rule : changes(wanted, held)) {
    const RulePlace place{cgroup, rule.device};
    const bool is_first = std::ranges::find(held, rule.device, &Rule::device) == held.end();
    std::error_code error =
        is_first ? sink_.begin(place, rule.limit) : sink_.write(place, rule.limit);
    // The kernel drops a disk's rules with the disk: nothing is left to remove.
    if (error == SinkError::device_refused && rule.limit.unlimited()) error.clear();
    if (error) {
      if (!first) first = error;
      continue;
    }
    ++writes_;
    if (is_first && (begun_.empty() || begun_.back() != cgroup)) begun_.push_back(cgroup);
    std::erase_if(held, [&rule](const Rule& old) { return old.device == rule.device; });
    if (!rule.limit.unlimited()) held.push_back(rule);
  }
  return first;
}

void HeldRules::release(const std::string& cgroup, const std::vector<Rule>& held) {
  for (const Rule& rule : held) {
    const RulePlace place{cgroup, rule.device};
    const std::error_code error = sink_.write(place, Limit{});
    if (error == SinkError::cgroup_gone || error == SinkError::device_refused) {
      sink_.forget(place);
    } else if (error) {
      left_[cgroup].push_back(rule);  // the next pass tries again
    }
  }
}

void HeldRules::forget(const std::string& cgroup, const std::vector<Rule>& held) {
  for (const Rule& rule : held) sink_.forget({cgroup, rule.device});
}

void HeldRules::recheck(const std::string& cgroup, Devnum device, std::vector<Rule>& held) {
  const RulePlace place{cgroup, device};
  const auto gone = std::erase_if(held, [&](const Rule& rule) {
    return rule.device == device && sink_.read(place) != rule.limit;
  });
  if (gone != 0) sink_.forget(place);
}

void HeldRules::touch(const RulePlace& place) {
  const auto found = sink_.read(place);
  if (!found || !found->unlimited()) return;
  // What is refused here is refused, and said, when the first container comes.
  if (!sink_.begin(place, each_way(max_iops))) static_cast<void>(sink_.write(place, Limit{}));
}

std::string HeldRules::take_begun() {
  if (begun_.empty()) return {};
  std::string cgroup = std::move(begun_.front());
  begun_.pop_front();
  return cgroup;
}

std::error_code HeldRules::repair(const std::string& cgroup, std::vector<Rule>& held,
                                  const std::function<void(const Rule&, const Limit&)>& repaired) {
  std::error_code first;
  const auto lost = [&](const Rule& rule) {
    const auto found = sink_.read({cgroup, rule.device});
    if (found == rule.limit) return false;
    const std::error_code error = sink_.write({cgroup, rule.device}, rule.limit);
    if (!error) repaired(rule, found.value_or(Limit{}));
    // What can be neither read nor written for another reason is still what it was.
    const bool known = found || error == SinkError::controller_missing;
    if (!error || error == SinkError::cgroup_gone || !known) return false;
    if (!first) first = error;
    return true;
  };
  std::erase_if(held, lost);
  return first;
}

}  // namespace iopslimit
