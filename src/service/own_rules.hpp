// SPDX-License-Identifier: Apache-2.0
// The rules that the service notes as its own, so that a restart knows them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "limit/backend.hpp"
#include "report/journal.hpp"

namespace iopslimit {

/// The rules that an earlier run noted in this file. A dry run owns none.
std::vector<RuleKey> rules_of_earlier_run(const std::string& file, const Config& config);

/// Writes rules by `files`, which must outlive it, and notes them in `file`; in a dry run it writes
/// none.
std::unique_ptr<LimitBackend> make_backend(const std::string& file, const Config& config,
                                           LimitBackend& files, Journal& journal);

}  // namespace iopslimit
