// SPDX-License-Identifier: Apache-2.0
#include "terminal/wording.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace iopslimit {
namespace {

std::string scaled(double value, double step) {
  constexpr std::array units{"", "K", "M", "G", "T"};
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  std::array<char, 32> text{};
  const int digits = unit != 0 && value < 99.95 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f%s", digits, value, units.at(unit));
  return text.data();
}

std::string both_ways(std::uint64_t read, std::uint64_t write, std::string (*text)(double)) {
  const auto number = [text](std::uint64_t value) { return text(static_cast<double>(value)); };
  if (read == write) return number(read);
  std::string both = read == 0 ? "" : number(read) + "r";
  if (write != 0) both += (both.empty() ? "" : " ") + number(write) + "w";
  return both;
}

std::string whole(double value) {
  return std::to_string(static_cast<std::uint64_t>(value));
}

}  // namespace

std::string short_number(double value) {
  return scaled(value, 1000);
}

std::string short_bytes(double value) {
  return scaled(value, 1024);
}

std::string grouped(std::uint64_t value) {
  constexpr std::size_t digits = 3;
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > digits;) text.insert(at -= digits, 1, ',');
  return text;
}

std::string milliseconds(std::uint64_t usec) {
  constexpr double usec_per_msec = 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(usec) / usec_per_msec);
  return text.data();
}

std::string percent(double share) {
  constexpr double hundred = 100;
  const double shown = share > 0 ? std::max(1.0, std::round(share * hundred)) : 0;
  return std::to_string(static_cast<long>(shown)) + "%";
}

std::string short_limit(const Limit& limit) {
  if (limit.unlimited()) return "max";
  std::string text;
  if (limit.read_iops != 0 || limit.write_iops != 0)
    text = both_ways(limit.read_iops, limit.write_iops, whole);
  if (limit.read_bps != 0 || limit.write_bps != 0)
    text +=
        (text.empty() ? "" : " ") + both_ways(limit.read_bps, limit.write_bps, short_bytes) + "/s";
  return text;
}

std::string short_limits(const std::vector<Rule>& rules) {
  std::vector<std::string> texts;
  for (const Rule& rule : rules) {
    std::string text = short_limit(rule.limit);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all.empty() ? "-" : all;
}

std::string describe(const Rule& rule) {
  return to_string(rule.device) + ": " + to_string(rule.limit);
}

std::string moment(std::uint64_t seconds) {
  if (seconds == 0) return "never";
  const auto then = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (localtime_r(&then, &parts) == nullptr) return std::to_string(seconds);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a %Y-%m-%d %H:%M:%S %Z", &parts);
  return text.data();
}

std::string distance(std::uint64_t seconds, std::uint64_t now) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 4> units{
      {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
  std::uint64_t left = seconds > now ? seconds - now : now - seconds;
  std::string text;
  int shown = 0;
  for (const auto& [size, unit] : units) {
    if (left < size || shown == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(left / size) + unit;
    left %= size;
    ++shown;
  }
  if (text.empty()) return "now";
  return seconds > now ? "in " + text : text + " ago";
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace iopslimit
