// SPDX-License-Identifier: Apache-2.0
// Reads configuration files (inih) and environment variables into entries.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "limit/capabilities.hpp"

namespace iopslimit {

/// The content of the files and the environment, before config/config checks it.
struct ConfigText {
  std::vector<ConfigEntry> entries;
  std::vector<ConfigMessage>
      errors;  ///< unreadable files, and lines that inih would cut, misread or skip silently
};

/// Whether a file of this name in conf.d is read: it ends in .conf and does not start with a dot.
bool is_config_name(std::string_view name);

/// The names of the files in the conf.d beside the main file, sorted.
std::vector<std::string> config_names(const std::string& main_file);

/// The most bytes that a file may have: far more than any configuration, a larger file is
/// something else.
constexpr std::size_t largest_config_file = std::size_t{1} << 20U;

/// A text that counts in the place of what a file holds, or as a file that does not exist yet.
struct Replacement {
  std::string file = {};  ///< the main file or one in its conf.d; empty: nothing is replaced
  std::string text = {};
};

/// Reads one file. Reports as errors: a file that is missing, unreadable, not a regular file or
/// larger than 1 MiB, and the lines that read_ini_text refuses.
void read_config_file(const std::string& path, ConfigText& text);

/// Reads `main_file` (which may be missing: all defaults), then the files `conf.d/*.conf` in its
/// folder in the order of their names, then those environment variables of this process that the
/// table of keys names. Files in conf.d that start with a dot are skipped; one that is not a
/// regular file, such as a dangling link, is an error.
/// `instead` may stand in the place of one of these files.
ConfigText read_configuration(const std::string& main_file, const Replacement& instead = {});

/// Reads and builds it; `errors` are those of both.
ParsedConfig load_configuration(const std::string& main_file, const Replacement& instead = {});

/// The same for a node whose limits have these capabilities. Returns every error as a line;
/// `config` counts if there is none.
std::vector<std::string> load_for(const Capabilities& node, const std::string& main_file,
                                  const Replacement& instead, Config& config);

}  // namespace iopslimit
