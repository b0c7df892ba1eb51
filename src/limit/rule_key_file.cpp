// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_key_file.hpp"

#include <fcntl.h>

#include <optional>
#include <string_view>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t max_ledger = 256U << 20;
// The number of outdated lines that the file may hold in addition to one line for each rule.
constexpr std::size_t max_history = 4096;

std::optional<std::set<RuleKey>> read_notes(int fd) {
  std::set<RuleKey> rules;
  std::string text;
  if (read_whole(fd, max_ledger, text)) return std::nullopt;
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto blank = line.find(" /", 2);
    if (blank == std::string_view::npos) continue;
    const auto device = parse_devnum(line.substr(2, blank - 2));
    if (!device) continue;
    RuleKey key{std::string(line.substr(blank + 1)), *device};
    if (line.front() == '+') {
      rules.insert(std::move(key));
    } else {
      rules.erase(key);
    }
  }
  return rules;
}

}  // namespace

std::set<RuleKey> noted_rules(const std::string& path) {
  std::error_code error;
  const File file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NOFOLLOW, error);
  auto rules = file ? read_notes(file.fd()) : std::nullopt;
  return rules ? std::move(*rules) : std::set<RuleKey>();
}

RuleKeyFile::RuleKeyFile(std::string path, std::function<void(const std::string&)> warn)
    : path_(std::move(path)), warn_(std::move(warn)) {
  rewrite(keys());
}

void RuleKeyFile::add(const RuleKey& key) {
  append('+', key);
}

void RuleKeyFile::remove(const RuleKey& key) {
  append('-', key);
  if (!file_ || postponed_ || lines_ <= 2 * kept_ + max_history) return;
  kept_ = lines_;  // if the rewrite fails, the next attempt is far off
  if (const auto keys = read_notes(file_.fd())) rewrite(*keys);
}

void RuleKeyFile::append(char sign, const RuleKey& key) {
  if (!file_) return;
  line_.append(1, sign).append(" ").append(to_string(key.device));
  line_.append(" ").append(key.cgroup).append("\n");
  ++lines_;
  if (const std::error_code error = file_.append(line_)) return postpone(error);
  line_.clear();
  postponed_ = false;
}

// The disk is full for the moment: the line is written together with the next one.
void RuleKeyFile::postpone(std::error_code error) {
  if (!std::exchange(postponed_, true)) warn(error);
}

void RuleKeyFile::rewrite(const std::set<RuleKey>& keys) {
  std::string text;
  for (const RuleKey& key : keys) text += "+ " + to_string(key.device) + " " + key.cgroup + "\n";
  std::error_code error;
  AppendFile file = AppendFile::replace(path_, text, error);
  if (error) return warn(error);
  file_ = std::move(file);
  lines_ = kept_ = keys.size();
}

void RuleKeyFile::warn(std::error_code error) {
  warn_("cannot write " + path_ + ": " + error.message());
}

}  // namespace iopslimit
