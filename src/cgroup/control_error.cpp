// SPDX-License-Identifier: Apache-2.0
#include "cgroup/control_error.hpp"

namespace iopslimit {
namespace {

class ControlCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "limit"; }
  std::string message(int code) const override {
    switch (static_cast<ControlError>(code)) {
      case ControlError::cgroup_gone:
        return "the cgroup is gone";
      case ControlError::controller_missing:
        return "the cgroup has no limit file: the io controller is not enabled in its parent's "
               "cgroup.subtree_control";
      case ControlError::device_refused:
        return "the kernel refuses a limit for this device: it is gone, or of a kind that cannot "
               "be "
               "limited (see lsblk)";
      case ControlError::not_held:
        return "the kernel accepted the limit, but holds another";
    }
    return "unknown";
  }
};

}  // namespace

std::error_code make_error_code(ControlError error) {
  static const ControlCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace iopslimit
