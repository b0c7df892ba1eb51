// SPDX-License-Identifier: Apache-2.0
// Helps messages to show words that an operator wrote: finds the known name that was probably
// meant, and quotes words safely.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iopslimit {

/// The known name that differs from `word` by the fewest typing errors (a letter missing, added,
/// changed or swapped; case does not matter), if they are few enough for the length of `word`. If
/// several names differ equally, the first one.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string_view>& known);

/// Returns 'word' in quotes, at most 60 bytes of it, with control characters shown as '?', so that
/// it fits on one line of the journal.
std::string in_quotes(std::string_view word);

}  // namespace iopslimit
