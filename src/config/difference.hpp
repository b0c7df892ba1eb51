// SPDX-License-Identifier: Apache-2.0
// Compares two configurations, key by key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace iopslimit {

/// A key whose value differs in its effect.
struct KeyChange {
  std::string section;                ///< "[policy db]"
  std::string key;                    ///< "iops"; "order" of "[policy]": in which they are tried
  std::optional<std::string> before;  ///< as written; nullopt: not set
  std::optional<std::string> after;
  std::string where;        ///< where the value is written, or was if it is not set any more
  bool at_restart = false;  ///< a reload does not put it in force
  bool operator==(const KeyChange&) const = default;
};

/// In the order of sections and keys. Both configurations must have been built by build_config()
/// without errors. A value that is only written otherwise, such as a default, is no change.
std::vector<KeyChange> changed_keys(const Config& before, const Config& after);

/// Sets what takes effect only at a restart to what is in force. True if that changes anything.
bool keep_until_restart(const Config& in_force, Config& next);

}  // namespace iopslimit
