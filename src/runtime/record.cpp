// SPDX-License-Identifier: Apache-2.0
#include "runtime/record.hpp"

namespace iopslimit {
namespace {

bool is_type(RuntimeHint runtime, RuntimeType type) {
  switch (type) {
    case RuntimeType::automatic:
      return true;
    case RuntimeType::containerd:
      return runtime == RuntimeHint::containerd;
    case RuntimeType::docker:
      return runtime == RuntimeHint::docker;
    case RuntimeType::crio:
      return runtime == RuntimeHint::crio;
  }
  return false;
}

}  // namespace

bool is_large(const RecordAnswer& answer) {
  const auto* record = std::get_if<Record>(&answer);
  return std::holds_alternative<LargeRecord>(answer) ||
         (record != nullptr && record->incomplete && record->lack == Record::Lack::large);
}

bool may_have_record(const ContainerPath& container, RuntimeType type, RuntimeHint runtime) {
  const bool bare = container.runtime == RuntimeHint::unknown;
  const bool fits = bare ? runtime == RuntimeHint::containerd || runtime == RuntimeHint::docker
                         : runtime == container.runtime;
  const bool outside = container.pod_uid.empty() || runtime == RuntimeHint::podman;
  return fits && (outside || is_type(runtime, type)) && is_container_id(container.id);
}

}  // namespace iopslimit
