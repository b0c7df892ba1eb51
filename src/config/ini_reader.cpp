// SPDX-License-Identifier: Apache-2.0
#include "config/ini_reader.hpp"

#include <ini.h>

#include <algorithm>
#include <utility>

#include "config/spelling.hpp"
#include "loop/token.hpp"

// Debian's build of inih has this variable, which allows longer lines at run time. Other builds do
// not have it and keep the limit they were compiled with; the guard uses the size that inih asks
// for.
extern "C" {
extern int ini_max_line __attribute__((weak));  // NOLINT(readability-redundant-declaration)
}

namespace iopslimit {
namespace {

// The largest line, including its line end and the NUL. inih keeps one on the stack.
constexpr int max_line = 4096;
// inih copies section and key names into 50 bytes (ini.c, MAX_SECTION and MAX_NAME) and cuts off
// the rest.
constexpr std::size_t max_name = 49;
// A binary file has a bad line every few bytes. After this many the rest of the file is not read.
constexpr int most_refused = 50;

bool is_space(char letter) {
  return white_space.find(letter) != std::string_view::npos;
}

// The position of the first `mark` that follows white space, or the end.
std::size_t comment_at(std::string_view text, char mark) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == mark && is_space(text[at - 1])) return at;
  }
  return text.size();
}

std::string too_long_name(std::string_view what, std::string_view name) {
  return "the " + std::string(what) + " name " + in_quotes(name) + " is " +
         std::to_string(name.size()) + " bytes long; " + std::to_string(max_name) +
         " is the most, write a shorter one";
}

// The functions below take a line without leading and trailing white space. They return what is
// wrong with it.

std::optional<Problem> wrong_section_line(std::string_view line) {
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos || comment_at(line, ';') < close) {
    return in_quotes(line) + " has no closing ']'; write [section]";
  }
  const std::string_view name = line.substr(1, close - 1);
  if (trimmed(name).empty()) return "a section without a name; write [limits] or the like";
  if (name.size() > max_name) return too_long_name("section", name);
  const std::string_view rest = line.substr(close + 1);
  if (rest.empty() || trimmed(rest.substr(0, comment_at(rest, ';'))).empty()) return {};
  return in_quotes(trimmed(rest)) + " stands after " + std::string(line.substr(0, close + 1)) +
         "; write it on a line of its own (a comment may follow on the line after ' ;')";
}

std::optional<Problem> wrong_value(std::string_view value) {
  value = value.substr(0, comment_at(value, ';'));
  const std::string_view plain = trimmed(value);
  if (plain.starts_with('#') || comment_at(value, '#') < value.size()) {
    return "'#' does not begin a comment after a value; write the comment on a line of its own, or "
           "begin it with ' ;'";
  }
  if (plain.find(';') != std::string_view::npos) {
    return "';' begins a comment only after a space; write ' ;', or remove it";
  }
  return {};
}

std::optional<Problem> wrong_key_line(std::string_view line) {
  // inih also accepts ':' between key and value, but an image name may contain one.
  const std::size_t equals = line.find('=');
  const std::size_t colon = line.find(':');
  if (colon < equals) {
    return in_quotes(line) + " has ':' before any '='; write key = value";
  }
  if (equals == std::string_view::npos || comment_at(line, ';') < equals) {
    return in_quotes(line) +
           " is neither [section] nor key = value; put '#' before it if it is a comment";
  }
  const std::string_view key = trimmed(line.substr(0, equals));
  if (key.empty()) return in_quotes(line) + " has no key before '='; write key = value";
  if (key.size() > max_name) return too_long_name("key", key);
  return wrong_value(line.substr(equals + 1));
}

// Passes the lines to inih one by one, and collects the entries that inih returns.
class GuardedReader {
 public:
  GuardedReader(std::string_view text, const std::string& file, ConfigText& out)
      : rest_(text), file_(file), out_(out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  // Works like fgets(3): writes at most size - 1 bytes. If memory runs out in here the process
  // ends, because C code calls this function.
  static char* next(char* buffer, int size, void* self) noexcept {
    return static_cast<GuardedReader*>(self)->next_line(buffer, static_cast<std::size_t>(size));
  }
  static int found(void* self, const char* section, const char* key, const char* value) noexcept {
    static_cast<GuardedReader*>(self)->add(section, key, value);
    return 1;
  }

 private:
  char* next_line(char* buffer, std::size_t size);
  void read_entry(std::string_view line, std::size_t longest);
  void enter_section(std::string_view line);
  void add(std::string section, std::string key, std::string value) {
    out_.entries.push_back({{file_, line_}, std::move(section), std::move(key), std::move(value)});
  }
  void refuse(std::string why);

  std::string_view rest_;
  const std::string& file_;
  ConfigText& out_;
  int line_ = 0;
  int refused_ = 0;
  bool skipping_ = false;   // the section line was refused, so its keys are skipped
  std::string_view clean_;  // the part of the current line that inih gets
};

void GuardedReader::refuse(std::string why) {
  if (++refused_ == most_refused) {
    why += "; too many bad lines, the rest of the file was not read";
    rest_ = {};
  }
  out_.errors.push_back({{file_, line_}, std::move(why)});
}

char* GuardedReader::next_line(char* buffer, std::size_t size) {
  if (rest_.empty() || size < 3) return nullptr;
  ++line_;
  clean_ = {};
  read_entry(take_token(rest_, '\n'), size - 2);
  // The line is copied without leading white space, because inih takes an indented line as a
  // continuation of the last key.
  char* const line_end = std::ranges::copy(clean_, buffer).out;
  line_end[0] = '\n';
  line_end[1] = '\0';
  return buffer;
}

void GuardedReader::read_entry(std::string_view raw, std::size_t longest) {
  if (raw.find('\0') != std::string_view::npos) {
    return refuse("holds a NUL byte; save the file as plain text (UTF-8)");
  }
  const std::string_view line = trimmed(raw);
  if (line.empty() || line.front() == ';' || line.front() == '#') return;
  if (line.size() > longest) {
    skipping_ = skipping_ || line.front() == '[';
    return refuse("the line is " + std::to_string(line.size()) + " bytes long; " +
                  std::to_string(longest) + " is the most, shorten it");
  }
  if (line.front() == '[') return enter_section(line);
  if (skipping_) return;
  if (auto wrong = wrong_key_line(line)) return refuse(std::move(*wrong));
  clean_ = line;
}

void GuardedReader::enter_section(std::string_view line) {
  auto wrong = wrong_section_line(line);
  skipping_ = wrong.has_value();
  if (wrong) return refuse(std::move(*wrong));
  clean_ = line;
  add(std::string(line.substr(1, line.find(']') - 1)), "", "");
}

}  // namespace

void read_ini_text(std::string_view text, const std::string& file, ConfigText& out) {
  if (&ini_max_line != nullptr) ini_max_line = max_line;
  GuardedReader reader(text, file, out);
  const int bad_line =
      ini_parse_stream(GuardedReader::next, &reader, GuardedReader::found, &reader);
  // The guard passes no line that inih cannot read. If it ever does, that must be reported.
  if (bad_line != 0)
    out.errors.push_back({{file, std::max(bad_line, 0)}, "inih cannot read this line; rewrite it"});
}

}  // namespace iopslimit
