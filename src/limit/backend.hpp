// SPDX-License-Identifier: Apache-2.0
// The interface of the back ends, which put rules in force.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "cgroup/control_error.hpp"
#include "disk/devnum.hpp"
#include "limit/capabilities.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// Identifies one rule: a cgroup (path relative to the hierarchy's root) and a device. A limit
/// belongs to this pair.
struct RuleKey {
  std::string cgroup;
  Devnum device;
  auto operator<=>(const RuleKey&) const = default;
};

/// Puts limits in force, one (cgroup, device) pair for each call. The two real back ends write the
/// cgroup files of v2 and v1.
class LimitBackend {
 public:
  LimitBackend() = default;
  LimitBackend(const LimitBackend&) = delete;
  LimitBackend& operator=(const LimitBackend&) = delete;
  virtual ~LimitBackend() = default;

  virtual Capabilities capabilities() const = 0;

  /// Replaces the rule of this service and reads back what it writes. An unlimited Limit removes
  /// the rule. `held` is the limit that the kernel holds: nothing is written if it is the same, and
  /// on v1 only the values that differ. Does not change the rule of any other device.
  [[nodiscard]] virtual std::error_code set(const RuleKey& key, const Limit& limit,
                                            const Limit& held) = 0;

  /// Returns what the kernel holds for the pair: an unlimited Limit when there is no rule, nothing
  /// when it cannot be read.
  virtual std::optional<Limit> read(const RuleKey& key) = 0;

  /// Returns what the kernel holds of the values that create() wrote for `limit`, as read() does.
  /// On v1 a value has a file of its own, so a value that was not written is not read either, and
  /// the result has none: whoever else set one did not lift the limit, and a check finds it.
  virtual std::optional<Limit> read_back(const RuleKey& key, const Limit& limit) {
    static_cast<void>(limit);
    return read(key);
  }

  /// Writes the first rule of this service for a key, where the kernel hardly ever holds a rule
  /// yet. It does not read the old values, on v1 it writes only the values that are set, and it
  /// does not read them back, because that would delay other containers. OwnershipLog notes the
  /// rule before this write.
  [[nodiscard]] virtual std::error_code create(const RuleKey& key, const Limit& limit) = 0;

  /// Forgets the rule of a cgroup that is gone. Nothing is written, because the kernel removed the
  /// rule with the cgroup.
  virtual void drop(const RuleKey& key) = 0;

  /// Notes what could not be noted before (OwnershipLog). Called at each check.
  virtual void retry_notes() {}
};

}  // namespace iopslimit
