// SPDX-License-Identifier: Apache-2.0
// The one interface of the program: where a rule is put in force.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "cgroup/control_error.hpp"
#include "disk/devnum.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// One rule's place: a cgroup (path relative to the hierarchy's root) and a device. A limit belongs
/// to this pair.
struct RuleKey {
  std::string cgroup;
  Devnum device;
  auto operator<=>(const RuleKey&) const = default;
};

/// Puts limits in force, one (cgroup, device) pair a call. The real ones are the cgroup files of v2
/// and v1.
class LimitBackend {
 public:
  LimitBackend() = default;
  LimitBackend(const LimitBackend&) = delete;
  LimitBackend& operator=(const LimitBackend&) = delete;
  virtual ~LimitBackend() = default;

  /// Writes all four values (an unlimited Limit removes the rule) and reads them back. Nothing is
  /// written when the kernel holds them already. No other device's rule is touched.
  [[nodiscard]] virtual std::error_code set(const RuleKey& key, const Limit& limit) = 0;

  /// What the kernel holds for the pair: unlimited when there is no rule. Nothing when it cannot be
  /// read.
  virtual std::optional<Limit> read(const RuleKey& key) = 0;

  /// Writes the first rule of ours in a place, where hardly anything can be yet: without a look at
  /// what is there, on v1 only the values that are set, and without reading back, for which others
  /// would wait. Who remembers which rules are ours notes this one before.
  [[nodiscard]] virtual std::error_code create(const RuleKey& key, const Limit& limit) = 0;

  /// The cgroup is gone, and its rule with it: nothing is written.
  virtual void drop(const RuleKey& key) = 0;
};

}  // namespace iopslimit
