// SPDX-License-Identifier: Apache-2.0
// Configuration files (inih) and environment variables, read into entries.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace iopslimit {

/// What the files and the environment say, before config/config checks it.
struct ConfigText {
  std::vector<ConfigEntry> entries;
  std::vector<ConfigMessage>
      errors;  ///< lines inih would cut, misread or pass over in silence; unreadable files
};

/// Reads one file. Errors: no such file, unreadable, not a regular file, larger than 1 MiB, and the
/// lines read_ini_text refuses.
void read_config_file(const std::string& path, ConfigText& text);

/// `main_file` (may be missing: all defaults), then `<folder of main_file>/conf.d/*.conf` in name
/// order (not those that start with a dot; one that is not a regular file, such as a link to
/// nowhere, is an error), then those environment variables of this process that the table of keys
/// names.
ConfigText read_configuration(const std::string& main_file);

}  // namespace iopslimit
