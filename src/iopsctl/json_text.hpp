// SPDX-License-Identifier: Apache-2.0
// The document that each verb prints with --json. conf/schema/iopsctl.json describes them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advice/advice.hpp"
#include "api/snapshot.hpp"
#include "config/config.hpp"
#include "diagnosis/load.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/verify.hpp"

namespace iopslimit {

/// `source`: "service" or "kernel".
std::string status_json(const Snapshot& snapshot, std::string_view source);
std::string list_json(const Snapshot& snapshot, const std::map<std::string, Load>& loads,
                      std::string_view source);
std::string devices_json(const Snapshot& snapshot, std::string_view source);
std::string explain_json(const std::vector<Explained>& all,
                         const std::map<std::string, std::vector<Rule>>& kernel);
std::string advise_json(const std::vector<Advice>& all);
std::string verify_json(const Comparison& comparison);
std::string health_json(const std::vector<HealthCheck>& checks);
std::string config_json(const std::string& file, const std::vector<ConfigMessage>& errors);
std::string preview_json(const PreviewView& view);
/// For pause, resume, clear and reload. `seconds`: length of a pause.
std::string done_json(std::string_view verb, const std::optional<Match>& match,
                      std::optional<std::uint64_t> seconds);

}  // namespace iopslimit
