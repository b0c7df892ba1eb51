// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "config/ini_reader.hpp"
#include "config/keys.hpp"
#include "config/validation.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

std::string why_not_readable(const std::error_code& error) {
  if (error == std::errc::no_such_file_or_directory) {
    return "no such file; create it, or correct the path or the link";
  }
  if (error == std::errc::permission_denied) {
    return "cannot be read (" + error.message() +
           "); run as root, or chmod the file and its folder";
  }
  if (error == std::errc::no_such_device_or_address) {
    return "is not a regular file; put a text file in its place";
  }
  if (error == std::errc::file_too_large) {
    return "is larger than 1 MiB, so it is not a configuration; put the right file in its place";
  }
  return "cannot be read (" + error.message() + "); correct the path, or the file";
}

// O_NONBLOCK keeps a pipe in place of the file from blocking the service.
std::optional<Problem> read_regular_file(const std::string& path, std::string& text) {
  const auto file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return why_not_readable(file.error());
  struct stat status {};
  if (fstat(file->fd(), &status) != 0) return why_not_readable(last_error());
  if (S_ISDIR(status.st_mode)) return "is a directory; name a file in it";
  if (!S_ISREG(status.st_mode)) return "is not a regular file; put a text file in its place";
  const std::error_code error = read_whole(file->fd(), largest_config_file, text);
  if (error) return why_not_readable(error);
  return {};
}

// A dangling link counts as existing: whoever created it meant a configuration.
bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

std::filesystem::path conf_d_of(const std::string& main_file) {
  return std::filesystem::path(main_file).parent_path() / "conf.d";
}

// The files of conf.d, in the order of their names.
std::vector<std::string> files_in(const std::filesystem::path& folder, ConfigText& text) {
  std::error_code error;
  std::vector<std::string> files;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (is_config_name(entry->path().filename().native())) files.push_back(entry->path());
  }
  if (error) {
    text.errors.push_back({{folder, 0}, why_not_readable(error)});
    return {};
  }
  std::ranges::sort(files);
  return files;
}

void read_or_replace(const std::string& file, const Replacement& instead, ConfigText& text) {
  if (file != instead.file) return read_config_file(file, text);
  if (instead.text.size() > largest_config_file)
    return text.errors.push_back(
        {{file, 0}, why_not_readable(std::make_error_code(std::errc::file_too_large))});
  read_ini_text(instead.text, file, text);
}

void read_environment(ConfigText& text) {
  for (const ConfigKey& key : config_keys()) {
    if (key.environment.empty()) continue;
    const std::string name(key.environment);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) continue;
    text.entries.push_back({{"environment variable " + name, 0},
                            std::string(key.section.word),
                            std::string(key.key),
                            value});
  }
}

}  // namespace

bool is_config_name(std::string_view name) {
  return name.ends_with(".conf") && name.front() != '.' && name.find('/') == std::string_view::npos;
}

std::vector<std::string> config_names(const std::string& main_file) {
  ConfigText ignored;
  std::vector<std::string> names = files_in(conf_d_of(main_file), ignored);
  for (std::string& name : names) name = std::filesystem::path(name).filename();
  return names;
}

void read_config_file(const std::string& path, ConfigText& text) {
  std::string content;
  if (auto wrong = read_regular_file(path, content))
    return text.errors.push_back({{path, 0}, std::move(*wrong)});
  read_ini_text(content, path, text);
}

ConfigText read_configuration(const std::string& main_file, const Replacement& instead) {
  ConfigText text;
  const std::filesystem::path replaced = instead.file;
  if (exists(main_file) || replaced == main_file) read_or_replace(main_file, instead, text);
  const std::filesystem::path folder = conf_d_of(main_file);
  std::vector<std::string> files;
  if (exists(folder)) files = files_in(folder, text);
  const bool is_new =
      replaced.parent_path() == folder && is_config_name(replaced.filename().native());
  if (is_new && std::ranges::find(files, instead.file) == files.end())
    files.insert(std::ranges::upper_bound(files, instead.file), instead.file);
  for (const std::string& file : files) read_or_replace(file, instead, text);
  read_environment(text);
  return text;
}

ParsedConfig load_configuration(const std::string& main_file, const Replacement& instead) {
  ConfigText text = read_configuration(main_file, instead);
  ParsedConfig parsed = build_config(text.entries);
  text.errors.insert(text.errors.end(), parsed.errors.begin(), parsed.errors.end());
  parsed.errors = std::move(text.errors);
  return parsed;
}

std::vector<std::string> load_for(const Capabilities& node, const std::string& main_file,
                                  const Replacement& instead, Config& config) {
  ParsedConfig parsed = load_configuration(main_file, instead);
  const auto refused = check_on(parsed.config, node);
  parsed.errors.insert(parsed.errors.end(), refused.begin(), refused.end());
  config = std::move(parsed.config);
  std::vector<std::string> errors;
  for (const ConfigMessage& error : parsed.errors) errors.push_back(to_string(error));
  return errors;
}

}  // namespace iopslimit
