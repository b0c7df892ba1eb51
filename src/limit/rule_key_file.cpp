// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_key_file.hpp"

#include <fcntl.h>

#include <bit>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t max_ledger = 256U << 20;
// The number of outdated lines that the file may hold in addition to one line for each rule.
constexpr std::size_t max_history = 4096;

// The size, in bytes, from which notes that have no room on the disk are shortened.
constexpr std::size_t most_waiting = 1U << 20;

struct Note {
  char sign;
  RuleKey key;
};

void each_note(std::string_view rest, const std::function<void(Note)>& take) {
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto blank = line.find(" /", 2);
    if (blank == std::string_view::npos) continue;
    const auto device = parse_devnum(line.substr(2, blank - 2));
    if (device) take({line.front(), {std::string(line.substr(blank + 1)), *device}});
  }
}

void apply_notes(std::string_view text, std::set<RuleKey>& rules) {
  each_note(text, [&rules](Note note) {
    if (note.sign == '+') {
      rules.insert(std::move(note.key));
    } else {
      rules.erase(note.key);
    }
  });
}

std::optional<std::set<RuleKey>> read_notes(int fd) {
  std::set<RuleKey> rules;
  std::string text;
  if (read_whole(fd, max_ledger, text)) return std::nullopt;
  apply_notes(text, rules);
  return rules;
}

void add_line(std::string& text, char sign, const RuleKey& key) {
  text.append(1, sign).append(" ").append(to_string(key.device));
  text.append(" ").append(key.cgroup).append("\n");
}

}  // namespace

std::set<RuleKey> noted_rules(const std::string& path) {
  const auto file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NOFOLLOW);
  auto rules = file ? read_notes(file->fd()) : std::nullopt;
  return rules ? std::move(*rules) : std::set<RuleKey>();
}

RuleKeyFile::RuleKeyFile(std::string path, std::string loss,
                         std::function<void(const std::string&)> warn)
    : path_(std::move(path)),
      loss_(std::move(loss)),
      warn_(std::move(warn)),
      most_waiting_(most_waiting) {
  write();
}

void RuleKeyFile::add(const RuleKey& key) {
  append('+', key);
}

void RuleKeyFile::remove(const RuleKey& key) {
  append('-', key);
  if (postponed_ || lines_ <= 2 * kept_ + max_history) return;
  kept_ = lines_;  // if the rewrite fails, the next attempt is far off
  if (const auto keys = read_notes(file_.fd())) static_cast<void>(rewrite(*keys));
}

void RuleKeyFile::append(char sign, const RuleKey& key) {
  add_line(line_, sign, key);
  ++lines_;
  // To begin the file takes long if many notes wait, so that is tried less and less often, and
  // by retry().
  if (file_ || std::has_single_bit(lines_)) write();
  if (postponed_ && line_.size() > most_waiting_) shorten();
}

// Writes line_. Without a file, begins one with what an earlier run has noted.
void RuleKeyFile::write() {
  std::error_code error;
  if (file_) {
    error = file_.append(line_);
  } else {
    std::set<RuleKey> rules = keys();
    apply_notes(line_, rules);
    error = rewrite(rules);
  }
  if (error) {
    if (!std::exchange(postponed_, true))
      warn_("cannot write " + path_ + ": " + error.message() + "; " + loss_);
    return;
  }
  line_.clear();
  if (std::exchange(postponed_, false)) warn_(path_ + " is written again, nothing was lost");
}

std::error_code RuleKeyFile::rewrite(const std::set<RuleKey>& keys) {
  std::string text;
  for (const RuleKey& key : keys) add_line(text, '+', key);
  auto file = AppendFile::replace(path_, text);
  if (!file) return file.error();
  file_ = *std::move(file);
  lines_ = kept_ = keys.size();
  return {};
}

// Leaves out the rules that came and went while the disk was full, so that the waiting notes do
// not grow with time.
void RuleKeyFile::shorten() {
  std::map<RuleKey, char> last;
  each_note(line_, [&last](Note note) {
    const bool came_and_went = note.sign == '-' && last.erase(note.key) != 0;
    if (!came_and_went) last[std::move(note.key)] = note.sign;
  });
  line_.clear();
  for (const auto& [key, sign] : last) add_line(line_, sign, key);
  most_waiting_ = line_.size() + most_waiting;
}

}  // namespace iopslimit
