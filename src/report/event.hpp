// SPDX-License-Identifier: Apache-2.0
// The events that the controller announces to the operator: one value for each event.
// report/journal turns them into journal fields.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cgroup/path.hpp"
#include "disk/devnum.hpp"
#include "limit/limit.hpp"
#include "limit/rule_difference.hpp"
#include "policy/policy.hpp"
#include "report/counts.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// The priorities of syslog(3) that the service uses, with the same numbers.
enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// What happened. Each action except `none` has a MESSAGE_ID and an explanation in the catalog
/// (report/journal).
enum class Action {
  none,
  limited,         ///< a container's limit is in force
  exempted,        ///< the configuration exempts a container
  limit_failed,    ///< a limit could not be put in force
  repaired,        ///< somebody changed a limit, and the service restored it
  paused,          ///< an operator removed a limit for a while
  ignored,         ///< an annotation or a record cannot be used
  total,           ///< the total of all pods is in force
  device,          ///< the devices of a data mount
  waiting,         ///< a data mount is not mounted
  refused,         ///< a data mount cannot be limited
  degraded,        ///< a limit does not do all that one would expect
  reloaded,        ///< a new configuration is in force
  config,          ///< the configuration has an error
  watch_degraded,  ///< some events do not arrive; the periodic check has to find the changes
  sharing,         ///< limits begin or cease to differ from the configured ones, to share a disk
  suppressed       ///< further events of the same kind were not written
};

struct Event {
  Severity severity = Severity::info;
  Action action = Action::none;
  std::string text;  ///< complete by itself; the fields repeat its values for filters

  std::string container_id;
  std::string container_name;
  std::string pod_uid;
  std::string pod_name;
  std::string pod_namespace;
  std::string cgroup;
  std::vector<Rule> rules;  ///< the rules in force, one for each device
};

/// An event about the service as a whole.
Event service_event(Severity severity, Action action, std::string text);

/// An event with the names of a container, or of a pod as a whole. `record` may be null.
Event workload_event(const ContainerPath& path, const Record* record);

/// The name for the text: "db of pod shop/db-0"; "db (<id>)" if the pod is not known; "container
/// <id>" if no name is known; "pod shop/db-0" or "pod <uid>" for a pod as a whole.
std::string who(const Event& event);

/// The rules of a container before a change; std::nullopt if no event about it was announced yet.
using Before = std::optional<std::vector<Rule>>;

/// The event for a container whose decision is in force. `held` are its rules; none if it is
/// exempt. With `before`, the text also contains the previous limit.
Event decided(Event event, const Decision& decision, const std::vector<Rule>& held,
              const Before& before);

/// The events for a container whose limit an operator removed for a while, and for one whose limit
/// is in force again.
Event paused(Event event);
Event resumed(Event event, const std::vector<Rule>& held);

/// A warning "who: text" about an annotation or a record of a pod that is not used.
Event warning(Event event, const std::string& text);

/// A warning that the runtime's record of a container cannot be used.
Event unusable_record(Event event, const std::string& why);

/// The event for a container that lacks some of its rules because they could not be put in force.
/// `missing` are these rules.
Event not_limited(Event event, const std::vector<Rule>& missing, std::error_code error);

/// The event for a rule that somebody else changed and that the service restored.
Event repaired(Event event, const Rule& rule, const Limit& found);

/// The event for a configuration that is in force and has changed `changed` of `all` containers.
Event reloaded(std::size_t changed, std::size_t all);

/// A text that explains why a policy that matches by label does not apply to containers of
/// containerd, and what to do instead.
std::string labels_not_known();

/// "12 containers limited, 3 exempt", and the number of those that are not limited although they
/// should be or look as if they should.
std::string to_string(const Counts& counts, LimitScope scope);

}  // namespace iopslimit
