// SPDX-License-Identifier: Apache-2.0
// What the daemon tells the operator: one value an event, turned into journal fields by
// host/journal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/carrier.hpp"
#include "core/container.hpp"
#include "core/device.hpp"
#include "core/limit.hpp"
#include "core/plan.hpp"
#include "core/policy.hpp"
#include "core/record.hpp"

namespace iopslimit {

/// The priorities of syslog(3) that are used, with its numbers.
enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// What an event means for a container; `none` when it is about the service.
enum class Action { none, limited, exempted, lost, repaired };

struct Report {
  Severity severity = Severity::info;
  Action action = Action::none;
  std::string text;  ///< complete by itself: the fields repeat it for filters

  std::string container_id;
  std::string container_name;
  std::string pod_uid;
  std::string pod_name;
  std::string pod_namespace;
  std::string cgroup;
  std::optional<Devnum> device;
  std::optional<Limit> limit;
};

/// A report with the names of a container, or of a pod as a whole, filled in; `record` may be null.
Report about(const ContainerPath& path, const Record* record);

/// "db of pod shop/db-0", "db (<id>)" where the pod is not known, "container <id>" where nothing
/// is; "pod shop/db-0" or "pod <uid>" for a pod as a whole.
std::string who(const Report& report);

/// What a container had before a change: nothing was said of it yet, or these rules.
using Before = std::optional<std::vector<Rule>>;

/// The line for a container that has what its decision says: `held` are its rules, none when it is
/// exempt. With `before`, the text also says what it was.
Report decided(Report about, const Decision& decision, const std::vector<Rule>& held,
               const Before& before);

/// "who: text", for the operator to look at.
Report warning(Report about, const std::string& text);

/// The line for a container whose rule could not be put in force.
Report not_limited(Report about, std::error_code error);

/// The line for a rule that somebody else changed, and that was put back.
Report repaired(Report about, const Rule& rule, const Limit& found);

/// "12 containers limited, 3 exempt"; and those that should be limited and are not.
std::string to_string(const Counts& counts, LimitScope scope);

}  // namespace iopslimit
