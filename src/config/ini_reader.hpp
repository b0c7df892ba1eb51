// SPDX-License-Identifier: Apache-2.0
// Reads the text of one configuration file into entries with inih. A guard reports what inih would
// cut or misread silently.
#pragma once

#include <string>
#include <string_view>

#include "config/files.hpp"

namespace iopslimit {

/// Adds to `out` the entries of `text`, and an error for each line that is refused. `file` is the
/// file name for their origins. inih gets an empty line in place of a refused one. Refused are
/// lines with a NUL byte, lines longer than the line buffer of inih, section and key names of more
/// than 49 bytes, lines that are neither `[section]` nor `key = value`, text after `[section]`, and
/// comments after a value that do not begin with ` ;`. The keys below a refused section line are
/// skipped. A UTF-8 byte order mark, CRLF and indented lines are accepted.
void read_ini_text(std::string_view text, const std::string& file, ConfigText& out);

}  // namespace iopslimit
