// SPDX-License-Identifier: Apache-2.0
#include "advice/history_file.hpp"

#include <fcntl.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "advice/workload_name.hpp"
#include "loop/file.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t max_file = 16U << 20;
constexpr std::string_view first_line = "iops-limitd history 1";
constexpr float most_weight = 1e30F;
constexpr std::uint64_t most_half_lives = 64;  // the history rescales its weights long before
constexpr Minute latest = Minute{1} << 40U;    // far from what overflows

// FNV-1a: it is to find damage, not malice.
std::uint64_t checksum(std::string_view text) {
  std::uint64_t sum = 14695981039346656037ULL;
  for (const char letter : text)
    sum = (sum ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
  return sum;
}

template <class Number>
void add(std::string& text, Number number, char before = ' ') {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  if (!text.empty() && text.back() != '\n') text += before;
  text.append(buffer.data(), end);
}

void add_name(std::string& text, const std::string& name) {
  text.append(name.empty() ? "-" : name).append(" ");
}

// "shop db postgres 0 28456320 28456999 | 500 1440 12 3.5 0:1300 30:2.5 | ..."
void add_line(std::string& text, const WorkloadKey& key, const WorkloadHistory& one) {
  for (const std::string* name : {&key.pod_namespace, &key.workload, &key.container})
    add_name(text, *name);
  const WorkloadFacts& facts = one.facts;
  text += static_cast<char>('0' + (facts.one_pod ? 1 : 0) + (facts.cut_names ? 2 : 0) +
                            (facts.exempt ? 4 : 0));
  add(text, one.first);
  add(text, one.last);
  for (std::size_t i = 0; i < one.ways.size(); ++i) {
    const WorkloadHistory::Way& way = one.ways[i];
    text += " |";
    add(text, facts.limits[i]);
    for (const float part : {way.minutes, way.limited_minutes, way.limited_seconds})
      add(text, part);
    for (std::size_t bucket = 0; bucket < UsageHistogram::buckets; ++bucket) {
      const float weight = way.usage.weight(bucket);
      if (weight == 0) continue;
      add(text, bucket);
      add(text, weight, ':');
    }
  }
  text += '\n';
}

// Takes one line apart. Once something is wrong it stays so.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  bool next_is(char letter) const { return rest_.starts_with(letter); }
  std::string_view word() {
    const std::string_view found = take_token(rest_, ' ');
    good_ = good_ && !found.empty();
    return found;
  }
  void expect(std::string_view text) { good_ = word() == text && good_; }
  template <class Number>
  Number number(Number most) {
    return number(word(), most);
  }
  std::string name() {
    const std::string_view found = word();
    if (found == "-") return {};
    good_ = good_ && is_kubernetes_name(found);
    return std::string(found);
  }
  // "30:2.5"
  void bucket(UsageHistogram& usage) {
    const std::string_view found = word();
    const auto colon = found.find(':');
    const std::size_t bucket = number(found.substr(0, colon), UsageHistogram::buckets - 1);
    good_ = good_ && colon != std::string_view::npos;
    if (good_) usage.set_weight(bucket, number(found.substr(colon + 1), most_weight));
  }

 private:
  template <class Number>
  Number number(std::string_view text, Number most) {
    const auto value = whole_number<Number>(text);
    good_ = good_ && value >= Number{0} && *value <= most;  // NaN compares false with everything
    return good_ ? *value : Number{};
  }

  std::string_view rest_;
  bool good_ = true;
};

bool parse_workload(std::string_view line, Minute now, History::Workloads& workloads) {
  Words words(line);
  WorkloadKey key{words.name(), words.name(), words.name()};
  WorkloadHistory one;
  constexpr unsigned all_flags = 7;
  const unsigned flags = words.number(all_flags);
  one.facts = {
      .exempt = (flags & 4U) != 0, .one_pod = (flags & 1U) != 0, .cut_names = (flags & 2U) != 0};
  one.first = words.number(now);
  one.last = one.counted = words.number(now);
  for (std::size_t i = 0; i < one.ways.size(); ++i) {
    WorkloadHistory::Way& way = one.ways[i];
    words.expect("|");
    one.facts.limits[i] = words.number(UINT64_MAX);
    for (float* part : {&way.minutes, &way.limited_minutes, &way.limited_seconds})
      *part = words.number(most_weight);
    while (words.good() && !words.at_end() && !words.next_is('|')) words.bucket(way.usage);
  }
  const bool named = !key.pod_namespace.empty();
  if (!words.good() || !words.at_end() || named == key.workload.empty() ||
      (!named && !key.container.empty()))
    return false;
  return workloads.emplace(std::move(key), std::move(one)).second;
}

// Nothing for a file that is damaged.
Result<std::optional<History>> read_history(const std::string& path,
                                            std::chrono::seconds half_life) {
  const auto text = read_file(path, max_file, O_NOFOLLOW);
  if (!text) return text.error();
  return parse_history(*text, half_life);
}

}  // namespace

std::string text_of(History& history) {
  const History::Workloads& workloads = history.workloads();
  std::string text(first_line);
  text += '\n';
  add(text, history.now());
  add(text, history.reference());
  add(text, history.half_life().count());
  text += '\n';
  for (const auto& [key, one] : workloads) add_line(text, key, one);
  const std::uint64_t sum = checksum(text);
  text += "end";
  add(text, workloads.size());
  add(text, sum);
  return text += '\n';
}

std::optional<History> parse_history(std::string_view text, std::chrono::seconds half_life) {
  const auto end = text.rfind("\nend ");
  if (end == std::string_view::npos || !text.ends_with('\n')) return std::nullopt;
  std::string_view body = text.substr(0, end + 1);
  Words last(text.substr(end + 1, text.size() - end - 2));
  last.expect("end");
  const std::size_t count = last.number(History::most_workloads);
  const auto sum = last.number(UINT64_MAX);
  if (!last.good() || !last.at_end() || sum != checksum(body)) return std::nullopt;
  if (take_token(body, '\n') != first_line) return std::nullopt;
  Words head(take_token(body, '\n'));
  const Minute now = head.number(latest);
  const Minute reference = head.number(latest);
  constexpr std::int64_t year = std::int64_t{366} * 86400;
  const std::chrono::seconds saved_half_life(head.number(year));
  if (!head.good() || !head.at_end() || saved_half_life.count() == 0 || reference > now ||
      60 * (now - reference) >
          most_half_lives * static_cast<std::uint64_t>(saved_half_life.count()))
    return std::nullopt;
  History::Workloads workloads;
  while (!body.empty()) {
    if (!parse_workload(take_token(body, '\n'), now, workloads)) return std::nullopt;
  }
  if (workloads.size() != count) return std::nullopt;
  History history(saved_half_life, reference, now, std::move(workloads));
  history.set_half_life(half_life);
  return history;
}

LoadedHistory load_history(const std::string& path, std::chrono::seconds half_life) {
  auto history = read_history(path, half_life);
  if (history && *history) return {**std::move(history), {}};
  const std::error_code error = history.error();
  const std::string problem = path + (error ? ": " + error.message() : " is damaged") +
                              ": the history of what containers use ";
  const std::string older = path + ".old";
  history = read_history(older, half_life);
  if (history && *history) return {**std::move(history), problem + "goes on from " + older};
  if (error == std::errc::no_such_file_or_directory && history.error() == error)
    return {History(half_life), {}};
  return {History(half_life), problem + "starts anew"};
}

std::error_code save_history(const std::string& path, History& history) {
  const std::string next = path + ".next";
  if (const std::error_code error = replace_file(next, text_of(history))) return error;
  std::rename(path.c_str(), (path + ".old").c_str());  // the first time there is none
  return std::rename(next.c_str(), path.c_str()) == 0 ? std::error_code() : last_error();
}

}  // namespace iopslimit
