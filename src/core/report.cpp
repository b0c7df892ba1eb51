// SPDX-License-Identifier: Apache-2.0
#include "core/report.hpp"

namespace iopslimit {

Report about(const ContainerPath& path, const Record* record) {
  Report report;
  report.container_id = path.id;
  report.pod_uid = path.pod_uid;
  report.cgroup = path.cgroup;
  if (record != nullptr) {
    report.container_name = record->name;
    report.pod_name = record->pod;
    report.pod_namespace = record->pod_namespace;
  }
  return report;
}

std::string who(const Report& report) {
  if (report.container_name.empty()) return "container " + report.container_id;
  if (report.pod_name.empty()) return report.container_name + " (" + report.container_id + ")";
  return report.container_name + " of pod " + report.pod_namespace + "/" + report.pod_name;
}

}  // namespace iopslimit
