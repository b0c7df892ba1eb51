// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_key_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t max_ledger = 256U << 20;
// The number of outdated lines that the file may hold in addition to one line for each rule.
constexpr std::size_t max_history = 4096;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

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
  line_ += {sign, ' '};
  line_ += to_string(key.device) + " " + key.cgroup + "\n";
  ++lines_;
  if (!write_all(file_.fd(), line_)) return postpone(last_error());
  size_ += static_cast<off_t>(line_.size());
  line_.clear();
  postponed_ = false;
}

// The disk is full for the moment: the line is written together with the next one, and a partly
// written line is removed.
void RuleKeyFile::postpone(std::error_code error) {
  if (ftruncate(file_.fd(), size_) != 0) file_ = File();
  if (!std::exchange(postponed_, true)) warn(error);
}

void RuleKeyFile::rewrite(const std::set<RuleKey>& keys) {
  std::error_code error;
  const std::string next = path_ + ".new";
  File file =
      open_at(AT_FDCWD, next.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_APPEND, error);
  if (error) return warn(error);
  std::string text;
  for (const RuleKey& key : keys) text += "+ " + to_string(key.device) + " " + key.cgroup + "\n";
  if (!write_all(file.fd(), text) || std::rename(next.c_str(), path_.c_str()) != 0)
    return warn(last_error());
  file_ = std::move(file);
  lines_ = kept_ = keys.size();
  size_ = static_cast<off_t>(text.size());
}

void RuleKeyFile::warn(std::error_code error) {
  warn_("cannot write " + path_ + ": " + error.message());
}

}  // namespace iopslimit
