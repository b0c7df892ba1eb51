// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/top_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "iopsctl/share_text.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t wide = 120;  // from this width on, every figure has its own column

std::size_t bar_width(bool all) {
  return all ? 27 : 20;
}

struct KeyText {
  std::string_view text;
  TopKey key;
};
constexpr std::array<KeyText, 14> keys{{{"\x1b[A", TopKey::up},
                                        {"\x1b[B", TopKey::down},
                                        {"\x1bOA", TopKey::up},
                                        {"\x1bOB", TopKey::down},
                                        {"\x1b[5~", TopKey::page_up},
                                        {"\x1b[6~", TopKey::page_down},
                                        {"q", TopKey::quit},
                                        {"Q", TopKey::quit},
                                        {"i", TopKey::iops},
                                        {"b", TopKey::throughput},
                                        {"u", TopKey::use},
                                        {"w", TopKey::stalled},
                                        {"l", TopKey::at_limit},
                                        {"n", TopKey::name}}};

// Returns the length of the escape sequence at the start of `input` (ECMA-48, 5.4: '@' to '~' ends
// it).
std::size_t escape_length(const std::string& input) {
  if (input.size() < 2 || (input[1] != '[' && input[1] != 'O')) return 1;
  std::size_t length = 2;
  while (length < input.size() && (input[length] < '@' || input[length] > '~')) ++length;
  return std::min(length + 1, input.size());
}

double sort_value(const WorkloadView& container, const Load* load, TopKey by) {
  if (by == TopKey::at_limit) return static_cast<double>(container.at_limit_day_msec);
  if (load == nullptr) return -1;
  switch (by) {
    case TopKey::throughput:
      return load->bps();
    case TopKey::use:
      return load->use.value_or(-1);
    case TopKey::stalled:
      return load->stalled.value_or(-1);
    default:
      return load->iops();
  }
}

Colour colour_of(const Load* load) {
  if (load == nullptr || !load->use) return Colour::dim;
  if (*load->use >= 0.95) return Colour::bad;
  return *load->use >= 0.7 ? Colour::warning : Colour::good;
}

// The bar, and behind it what the limit differs from the configured one: "[||||]  99% +1.3K".
std::string use_text(const WorkloadView& container, const std::optional<double>& use,
                     std::size_t width) {
  const std::string difference = short_difference(container);
  if (difference.empty()) return bar(use, width);
  return bar(use, width - difference.size() - 1) + " " + difference;
}

// Of the last 24 hours: "3:12 h", "4:20 min", "12 s".
std::string at_limit_text(const WorkloadView& container) {
  const std::uint64_t seconds = container.at_limit_day_msec / 1000;
  constexpr std::uint64_t minute = 60;
  constexpr std::uint64_t hour = 3600;
  if (seconds == 0) return "-";
  if (seconds < minute) return std::to_string(seconds) + " s";
  const bool long_time = seconds >= hour;
  const std::uint64_t rest = long_time ? seconds / minute % minute : seconds % minute;
  return std::to_string(seconds / (long_time ? hour : minute)) + (rest < 10 ? ":0" : ":") +
         std::to_string(rest) + (long_time ? " h" : " min");
}

std::string figure(const Load* load, double Load::*value, std::string (*text)(double)) {
  return load == nullptr ? "-" : text(load->*value);
}

}  // namespace

TopKey take_key(std::string& input) {
  for (const KeyText& key : keys) {
    if (!input.starts_with(key.text)) continue;
    input.erase(0, key.text.size());
    return key.key;
  }
  input.erase(0, input.starts_with('\x1b') ? escape_length(input) : 1);
  return TopKey::other;
}

void TopView::show(Snapshot snapshot, std::map<std::string, Load> loads, bool from_service) {
  from_service_ = from_service;
  snapshot_ = std::move(snapshot);
  loads_ = std::move(loads);
}

bool TopView::press(TopKey key) {
  switch (key) {
    case TopKey::quit:
      return false;
    case TopKey::up:
      first_ -= std::min<std::size_t>(first_, 1);
      break;
    case TopKey::down:
      ++first_;
      break;
    case TopKey::page_up:
      first_ -= std::min(first_, page_);
      break;
    case TopKey::page_down:
      first_ += page_;
      break;
    case TopKey::other:
      break;
    default:
      sort_ = key;
      first_ = 0;
  }
  return true;
}

std::vector<TopView::Row> TopView::rows() const {
  std::vector<Row> rows;
  for (const WorkloadView& one : snapshot_.containers) {
    if (one.state == State::sandbox) continue;
    const auto load = loads_.find(one.path.cgroup);
    rows.push_back({&one, load == loads_.end() ? nullptr : &load->second, shown_name(one)});
  }
  std::ranges::sort(rows, [by = sort_](const Row& one, const Row& other) {
    const double left = sort_value(*one.container, one.load, by);
    const double right = sort_value(*other.container, other.load, by);
    return by == TopKey::name || left == right ? one.name < other.name : left > right;
  });
  return rows;
}

std::string TopView::head(const Style& style) const {
  Load sum;
  for (const auto& one : loads_) {
    sum.read_iops += one.second.read_iops;
    sum.write_iops += one.second.write_iops;
    sum.read_bps += one.second.read_bps;
    sum.write_bps += one.second.write_bps;
  }
  std::string text = from_service_ ? "" : "iops-limitd is NOT RUNNING; ";
  text += counted(snapshot_.count(State::limited), "container", "containers") + " limited, " +
          std::to_string(snapshot_.count(State::exempt)) +
          " exempt; all: " + short_number(sum.read_iops) + " read/s, " +
          short_number(sum.write_iops) + " write/s, " + short_bytes(sum.bps()) + "B/s";
  return style.width ? truncate(text, *style.width) : text;
}

std::string bar(const std::optional<double>& share, std::size_t width) {
  if (!share) return "-";
  constexpr std::size_t frame = 7;  // "[] 100%"
  const std::size_t room = width - frame;
  const auto full = static_cast<std::size_t>(
      std::lround(std::clamp(*share, 0.0, 1.0) * static_cast<double>(room)));
  std::string figures = percent(*share);
  if (figures.size() < 4) figures.insert(0, 4 - figures.size(), ' ');
  return "[" + std::string(full, '|') + std::string(room - full, ' ') + "] " + figures;
}

std::vector<Column> TopView::columns(bool all) const {
  const auto title = [this](const char* text, TopKey key) {
    return (sort_ == key ? "*" : "") + std::string(text);
  };
  std::vector<Column> columns{{.title = title("CONTAINER", TopKey::name), .share = 0.2}};
  const auto add = [&columns](std::string text) {
    constexpr std::size_t figure_width = 7;
    text.insert(0, figure_width - std::min(figure_width, text.size()), ' ');
    columns.push_back({.title = std::move(text), .right = true});
  };
  add(title("READ/S", TopKey::iops));
  add("WRITE/S");
  add(title(all ? "READ B/S" : "B/S", TopKey::throughput));
  if (all) add("WRITE B/S");
  if (all) add("LIMIT");
  std::string use = title("OF ITS LIMIT", TopKey::use);
  use.resize(bar_width(all), ' ');  // fixed, so that columns do not move between refreshes
  columns.push_back({.title = std::move(use)});
  add(title("STALL", TopKey::stalled));
  if (all) add(title("AT LIMIT 24H", TopKey::at_limit));
  return columns;
}

std::vector<Cell> TopView::cells(const Row& row, bool all) {
  const auto& [container, load, name] = row;
  std::vector<Cell> cells{printable(name), figure(load, &Load::read_iops, short_number),
                          figure(load, &Load::write_iops, short_number)};
  if (all) {
    cells.emplace_back(figure(load, &Load::read_bps, short_bytes));
    cells.emplace_back(figure(load, &Load::write_bps, short_bytes));
    cells.emplace_back(short_limits(guarantees_of(*container)));
  } else {
    cells.emplace_back(load == nullptr ? "-" : short_bytes(load->bps()));
  }
  const bool has_use = load != nullptr && load->use;
  cells.emplace_back(has_use ? use_text(*container, load->use, bar_width(all))
                             : std::string(word_of(container->state, state_words)),
                     colour_of(load));
  cells.emplace_back(load != nullptr && load->stalled ? percent(*load->stalled) : "-");
  if (all) cells.emplace_back(at_limit_text(*container));
  return cells;
}

std::vector<std::string> TopView::lines(const Style& style, std::size_t height) {
  const bool all = !style.width || *style.width >= wide;
  const std::vector<Row> rows = this->rows();
  const std::size_t room = height < 3 ? rows.size() : height - 3;
  page_ = std::max<std::size_t>(room, 1);
  first_ = std::min(first_, rows.size() - std::min(rows.size(), page_));
  std::vector<std::vector<Cell>> shown;
  for (std::size_t at = first_; at < std::min(rows.size(), first_ + room); ++at)
    shown.push_back(cells(rows[at], all));
  std::vector<std::string> lines{head(style)};
  for (std::string& line : table(columns(all), shown, style)) lines.push_back(std::move(line));
  if (style.width)
    lines.push_back(coloured(truncate("q quit  sort: i IOPS  b bytes  u use  w waiting  l limit  "
                                      "n name  arrows scroll",
                                      *style.width),
                             Colour::dim, style.colours));
  return lines;
}

}  // namespace iopslimit
