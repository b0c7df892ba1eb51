// SPDX-License-Identifier: Apache-2.0
// Reads configuration files (inih) and environment variables into entries.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace iopslimit {

/// The content of the files and the environment, before config/config checks it.
struct ConfigText {
  std::vector<ConfigEntry> entries;
  std::vector<ConfigMessage>
      errors;  ///< unreadable files, and lines that inih would cut, misread or skip silently
};

/// Reads one file. Reports as errors: a file that is missing, unreadable, not a regular file or
/// larger than 1 MiB, and the lines that read_ini_text refuses.
void read_config_file(const std::string& path, ConfigText& text);

/// Reads `main_file` (which may be missing: all defaults), then the files `conf.d/*.conf` in its
/// folder in the order of their names, then those environment variables of this process that the
/// table of keys names. Files in conf.d that start with a dot are skipped; one that is not a
/// regular file, such as a dangling link, is an error.
ConfigText read_configuration(const std::string& main_file);

}  // namespace iopslimit
