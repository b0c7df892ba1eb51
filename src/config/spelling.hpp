// SPDX-License-Identifier: Apache-2.0
// Words an operator wrote, in messages: the known name that was probably meant, and safe quoting.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iopslimit {

/// The known name with the fewest typing errors to `word` (a letter missing, added, changed,
/// swapped; upper and lower case count as the same), if they are few enough for its length. On a
/// tie the first.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string_view>& known);

/// 'word', at most 60 bytes of it, control characters shown as '?': fit for one line of a journal.
std::string in_quotes(std::string_view word);

}  // namespace iopslimit
