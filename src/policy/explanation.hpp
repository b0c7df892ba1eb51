// SPDX-License-Identifier: Apache-2.0
// Explains a decision to an operator: phrases the steps that decide() takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// The names that are known, or that none is.
std::string step_of_record(const ContainerPath& path, const Record* record);
/// "runtime's socket" or "runtime's record".
std::string_view origin_of_labels(const Record& record);
/// Why nothing of the record counts; `bad` is null if it is too large to be read at once.
std::string step_of_unusable_record(const BadRecord* bad);
/// Whether a policy could match if more was known.
std::string step_of_possible_policy(const NamedPolicy& policy, bool could);
/// "[policy db] (/etc/iops-limitd/conf.d/db.conf:3)"
std::string name_of(const NamedPolicy& policy);
/// Whether a policy matches; `tried` is false if an earlier one has matched.
std::string step_of_policy(const NamedPolicy& policy, const ContainerPath& path,
                           const Record& record, bool tried, bool matched);

/// The trace of decide(), then its warnings and the result for each data mount.
std::vector<std::string> explain(const Config& config, const ContainerPath& path,
                                 const RecordAnswer& record);

}  // namespace iopslimit
