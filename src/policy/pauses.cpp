// SPDX-License-Identifier: Apache-2.0
#include "policy/pauses.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace iopslimit {
namespace {

// Returns the number that `text` begins with, and removes it from `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
  return number;
}

}  // namespace

bool Pauses::lift(std::string_view whom) {
  const auto found = until_.find(whom);
  if (found == until_.end()) return false;
  until_.erase(found);
  return true;
}

bool Pauses::end(std::uint64_t now) {
  return std::erase_if(until_, [now](const auto& one) { return one.second <= now; }) != 0;
}

std::optional<std::uint64_t> Pauses::next_end() const {
  std::optional<std::uint64_t> next;
  for (const auto& one : until_) next = std::min(next.value_or(one.second), one.second);
  return next;
}

std::optional<std::uint64_t> Pauses::until(const ContainerPath& container) const {
  std::optional<std::uint64_t> last;
  if (until_.empty()) return last;
  for (const std::string_view whom :
       {std::string_view(container.cgroup), std::string_view(container.pod_uid)}) {
    const auto found = until_.find(whom);
    if (found != until_.end()) last = std::max(last.value_or(0), found->second);
  }
  return last;
}

std::string Pauses::text() const {
  std::string text;
  for (const auto& [whom, until] : until_) text += std::to_string(until) + " " + whom + "\n";
  return text;
}

Pauses Pauses::from_text(std::string_view text, std::uint64_t now) {
  Pauses pauses;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto until = take_number(line);
    if (!until || line.size() < 2 || line.front() != ' ') continue;
    const auto most = static_cast<std::uint64_t>(longest.count());
    if (*until <= now || *until - now > most) continue;
    pauses.set(std::string(line.substr(1)), *until);
  }
  return pauses;
}

std::optional<std::chrono::seconds> parse_span(std::string_view text) {
  constexpr std::uint64_t year = 366ULL * 24 * 3600;
  const auto number = take_number(text);
  if (!number || *number == 0 || *number > year) return std::nullopt;
  std::uint64_t unit = 0;
  if (text.empty() || text == "s") unit = 1;
  if (text == "m" || text == "min") unit = 60;
  if (text == "h") unit = 3600;
  if (unit == 0 || *number * unit > year) return std::nullopt;
  return std::chrono::seconds(*number * unit);
}

std::string to_text(std::chrono::seconds span) {
  const auto seconds = span.count();
  std::string text;
  const auto add = [&text](auto count, const char* unit) {
    if (count != 0) text += (text.empty() ? "" : " ") + std::to_string(count) + unit;
  };
  add(seconds / 3600, " h");
  add(seconds / 60 % 60, " min");
  if (seconds < 3600) add(seconds % 60, " s");
  return text.empty() ? "0 s" : text;
}

}  // namespace iopslimit
