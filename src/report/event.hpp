// SPDX-License-Identifier: Apache-2.0
// What the controller tells the operator: one value an event, turned into journal fields by
// report/journal.
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

/// The priorities of syslog(3) that are used, with its numbers.
enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// What happened: each has a MESSAGE_ID and an explanation in the catalog (report/journal), `none`
/// apart.
enum class Action {
  none,
  limited,         ///< a container's limit is in force
  exempted,        ///< a container has none, by the configuration
  limit_failed,    ///< a limit could not be put in force
  repaired,        ///< somebody changed a limit; it was put back
  paused,          ///< an operator took a limit away for a while
  ignored,         ///< an annotation or a record that cannot be used
  total,           ///< the total of all pods is in force
  device,          ///< what a data mount stands on
  waiting,         ///< a data mount is not there
  refused,         ///< a data mount cannot be limited
  degraded,        ///< a limit is not what one would expect of it
  reloaded,        ///< a new configuration is in force
  config,          ///< the configuration has an error
  watch_degraded,  ///< some events are not heard: the safety net has to find them
  suppressed       ///< more of the same was not written
};

struct Event {
  Severity severity = Severity::info;
  Action action = Action::none;
  std::string text;  ///< complete by itself: the fields repeat it for filters

  std::string container_id;
  std::string container_name;
  std::string pod_uid;
  std::string pod_name;
  std::string pod_namespace;
  std::string cgroup;
  std::vector<Rule> rules;  ///< what is in force, one for each device
};

/// An event of the service as a whole.
Event service_event(Severity severity, Action action, std::string text);

/// A report with the names of a container, or of a pod as a whole, filled in; `record` may be null.
Event workload_event(const ContainerPath& path, const Record* record);

/// "db of pod shop/db-0", "db (<id>)" where the pod is not known, "container <id>" where nothing
/// is; "pod shop/db-0" or "pod <uid>" for a pod as a whole.
std::string who(const Event& event);

/// What a container had before a change: nothing was said of it yet, or these rules.
using Before = std::optional<std::vector<Rule>>;

/// The line for a container that has what its decision says: `held` are its rules, none when it is
/// exempt. With `before`, the text also says what it was.
Event decided(Event event, const Decision& decision, const std::vector<Rule>& held,
              const Before& before);

/// The lines for a container whose limit an operator took away for a while, and that has it again.
Event paused(Event event);
Event resumed(Event event, const std::vector<Rule>& held);

/// "who: text", of something of a pod's that is not used.
Event warning(Event event, const std::string& text);

/// The line for a container some of whose rules could not be put in force; `missing` are these.
Event not_limited(Event event, const std::vector<Rule>& missing, std::error_code error);

/// The line for a rule that somebody else changed, and that was put back.
Event repaired(Event event, const Rule& rule, const Limit& found);

/// Why a policy that matches by label does not act on containerd's containers, and what to do.
std::string labels_not_known();

/// "12 containers limited, 3 exempt"; and those that should be limited and are not.
std::string to_string(const Counts& counts, LimitScope scope);

}  // namespace iopslimit
