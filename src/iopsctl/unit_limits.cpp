// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/unit_limits.hpp"

#include <map>
#include <system_error>

#include "iopsctl/client.hpp"
#include "limit/rule_key_file.hpp"
#include "limit/rule_store.hpp"
#include "systemd/unit_client.hpp"

namespace iopslimit {
namespace {

// Returns an error text, empty on success.
std::string lift(sd_bus* bus, const UnitChange& change) {
  sd_bus_error error{};
  const BusMessage message = set_limits_call(bus, change);
  const int result = sd_bus_call(bus, message.get(), 0, &error, nullptr);
  const bool lifted = result >= 0 || sd_bus_error_has_name(&error, no_such_unit) != 0;
  std::string why = lifted                     ? ""
                    : error.message != nullptr ? error.message
                                               : std::generic_category().message(-result);
  sd_bus_error_free(&error);
  return why;
}

}  // namespace

bool lift_unit_limits(const std::string& notes, const std::string& address,
                      const std::function<void(const std::string&)>& warn) {
  if (noted_rules(notes).empty()) return true;
  RuleKeyFile file(notes, "the next run clears these limits once more", warn);
  std::map<std::string, UnitChange> changes;
  for (const RuleKey& key : file.keys()) {
    if (!may_hold_rules(key.cgroup) || unit_of(key.cgroup).empty()) continue;
    UnitChange& change = changes[key.cgroup];
    change.cgroup = key.cgroup;
    change.rules.push_back({key.device, Limit{}});
  }
  ClientConnection bus;
  std::string why;
  try {
    bus = connect_to_bus(address);
  } catch (const NotRunning& error) {
    why = error.what();
  }
  bool all = true;
  for (const auto& [cgroup, change] : changes) {
    if (bus) why = lift(bus.get(), change);
    all = all && why.empty();
    if (!why.empty())
      warn("systemd still has the limit of " + std::string(unit_of(cgroup)) +
           " and sets it again at the next daemon-reload: " + why);
    for (const Rule& rule : change.rules) {
      if (why.empty()) file.remove({cgroup, rule.device});
    }
  }
  return all;
}

}  // namespace iopslimit
