// SPDX-License-Identifier: Apache-2.0
// The text of one configuration file, read by inih into entries, behind a guard for what inih cuts
// or misreads in silence.
#pragma once

#include <string>
#include <string_view>

#include "config/files.hpp"

namespace iopslimit {

/// Adds the entries of `text` and the lines it refuses; `file` is for their origins. inih gets an
/// empty line in place of one that is refused: a NUL byte, longer than inih's line, a section or
/// key name past 49 bytes, neither `[section]` nor `key = value`, text after `[section]`, a comment
/// after a value that does not begin with ` ;`. The keys under a refused section line are skipped.
/// A UTF-8 byte order mark, CRLF and indented lines are accepted.
void read_ini_text(std::string_view text, const std::string& file, ConfigText& out);

}  // namespace iopslimit
