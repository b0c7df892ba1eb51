// SPDX-License-Identifier: Apache-2.0
#include "api/event_signal.hpp"

namespace iopslimit {

const char* signal_of(Action action) {
  switch (action) {
    case Action::limited:
      return "ContainerLimited";
    case Action::exempted:
      return "ContainerExempted";
    case Action::repaired:
      return "DriftRepaired";
    default:
      return nullptr;
  }
}

Fields fields_of(const Event& event) {
  Fields fields{{"id", event.container_id}, {"name", event.container_name},
                {"pod", event.pod_name},    {"namespace", event.pod_namespace},
                {"pod_uid", event.pod_uid}, {"cgroup", event.cgroup},
                {"text", event.text}};
  if (!event.rules.empty()) fields.push_back({"rules", event.rules});
  return fields;
}

}  // namespace iopslimit
