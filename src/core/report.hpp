// SPDX-License-Identifier: Apache-2.0
// What the daemon tells the operator: one value an event, turned into journal fields by
// host/journal.
#pragma once

#include <optional>
#include <string>

#include "core/container.hpp"
#include "core/device.hpp"
#include "core/limit.hpp"
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

/// A report with the names of a container filled in; `record` may be null.
Report about(const ContainerPath& path, const Record* record);

/// "db of pod shop/db-0", "db (<id>)" where the pod is not known, "container <id>" where nothing
/// is.
std::string who(const Report& report);

}  // namespace iopslimit
