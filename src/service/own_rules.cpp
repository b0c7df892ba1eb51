// SPDX-License-Identifier: Apache-2.0
#include "service/own_rules.hpp"

#include <set>

#include "limit/dry_run.hpp"
#include "limit/ownership_log.hpp"

namespace iopslimit {

std::vector<RuleKey> rules_of_earlier_run(const std::string& file, const Config& config) {
  if (config.dry_run) return {};
  const std::set<RuleKey> noted = noted_rules(file);
  return {noted.begin(), noted.end()};
}

std::unique_ptr<LimitBackend> make_backend(const std::string& file, const Config& config,
                                           LimitBackend& files, Journal& journal) {
  if (config.dry_run) return std::make_unique<DryRun>(files);
  return std::make_unique<OwnershipLog>(files, file, [&journal](const std::string& text) {
    journal.log(Severity::warning, Action::none, text);
  });
}

}  // namespace iopslimit
