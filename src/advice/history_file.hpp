// SPDX-License-Identifier: Apache-2.0
// Keeps the history over restarts, as a file of text.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "advice/history.hpp"

namespace iopslimit {

/// The text of a history. Its last line has the number of workloads and a checksum of what is
/// before.
std::string text_of(History& history);

/// The history of such a text, with this half-life from now on. nullopt for any other text, also
/// for a part of one.
std::optional<History> parse_history(std::string_view text, std::chrono::seconds half_life);

struct LoadedHistory {
  History history;
  std::string problem;  ///< why it starts anew, with the path; empty if it does not
};

/// A save replaces the file without waiting for the disk: the service must not hang on it. What it
/// replaces stays beside it as `path`.old, and is used if a crash damages the newer one.
LoadedHistory load_history(const std::string& path, std::chrono::seconds half_life);
std::error_code save_history(const std::string& path, History& history);

}  // namespace iopslimit
