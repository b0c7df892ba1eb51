// SPDX-License-Identifier: Apache-2.0
// The answer to bad input of a user.
#pragma once

#include <string>

namespace iopslimit {

/// What is wrong with a text, and what to write instead: "'5x' has 'x' after the number; write
/// ...". A function that checks a text returns std::optional<Problem>: nothing if the text is good.
using Problem = std::string;

}  // namespace iopslimit
