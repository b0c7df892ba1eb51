// SPDX-License-Identifier: Apache-2.0
#include "runtime/pod_facts.hpp"

namespace iopslimit {
namespace {

bool agree(const std::string& recorded, const std::string& told) {
  return recorded.empty() || recorded == told;
}

}  // namespace

bool PodFactsTable::add_to(Record& record, const ContainerPath& container) const {
  if (container.pod_uid.empty() || record.runtime == RuntimeHint::podman) return false;
  const auto found = pods_.find(container.pod_uid);
  if (found == pods_.end() || !found->second) return false;
  const PodFacts& facts = *found->second;
  if (!agree(record.pod, facts.pod) || !agree(record.pod_namespace, facts.pod_namespace))
    return false;
  record.pod = facts.pod;
  record.pod_namespace = facts.pod_namespace;
  record.labels = facts.labels;
  record.annotations = facts.annotations;
  record.incomplete = false;
  record.lack = Record::Lack::late;
  record.from_socket = true;
  return true;
}

}  // namespace iopslimit
