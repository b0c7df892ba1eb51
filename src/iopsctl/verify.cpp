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
  return std::move(comparer.result);
}

Comparison in_both(const Comparison& first, Comparison second) {
  std::erase_if(second.differences, [&first](const Difference& one) {
    return std::ranges::find(first.differences, one) == first.differences.end();
  });
  return second;
}

HealthCheck answering() {
  return {"service", true, "it answers: its loop turns"};
}

std::vector<HealthCheck> health_of(const Snapshot& snapshot, const Comparison& comparison) {
  const std::uint64_t failed = snapshot.count(State::failed);
  const std::size_t different = comparison.differences.size();
  const auto refused =
      std::ranges::find(snapshot.devices, DeviceState::refused, &DeviceView::state);
  return {answering(),
          {"devices", refused == snapshot.devices.end(),
           refused == snapshot.devices.end()
               ? counted(snapshot.devices.size(), "data mount", "data mounts") + ", none refused"
               : refused->text},
          {"containers", failed == 0 && !snapshot.cleared,
           snapshot.cleared
               ? "every limit was taken away by 'iopsctl clear': 'iopsctl reload' brings "
                 "them back"
               : counted(failed, "container is", "containers are") + " not limited that should be"},
          {"rules", different == 0,
           different == 0
               ? counted(comparison.rules, "rule holds", "rules hold")
               : counted(different, "rule does", "rules do") + " not hold: see 'iopsctl verify'"}};
}

}  // namespace iopslimit
