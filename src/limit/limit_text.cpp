// SPDX-License-Identifier: Apache-2.0
#include "limit/limit_text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace iopslimit {
namespace {

// Removes the text up to `separator`, and the separator, from the front. Returns the text before
// it.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

std::uint64_t number_or_zero(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? value : 0;
}

// Returns the rest of the line that begins with `device` and a blank; empty when there is none.
std::string_view line_of(std::string_view text, Devnum device) {
  const std::string start = to_string(device) + " ";
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return {};
}

void append(std::string& text, const char* key, std::uint64_t value) {
  text += key;
  text += value == 0 ? "max" : std::to_string(value);
}

}  // namespace

std::string format_io_max(Devnum device, const Limit& limit) {
  std::string text = to_string(device);
  append(text, " rbps=", limit.read_bps);
  append(text, " wbps=", limit.write_bps);
  append(text, " riops=", limit.read_iops);
  append(text, " wiops=", limit.write_iops);
  return text + "\n";
}

Limit parse_io_max(std::string_view text, Devnum device) {
  Limit limit;
  std::string_view line = line_of(text, device);
  while (!line.empty()) {
    std::string_view value = take(line, ' ');
    const std::string_view key = take(value, '=');
    if (key == "rbps") limit.read_bps = number_or_zero(value);
    if (key == "wbps") limit.write_bps = number_or_zero(value);
    if (key == "riops") limit.read_iops = number_or_zero(value);
    if (key == "wiops") limit.write_iops = number_or_zero(value);
  }
  return limit;
}

std::string format_blkio(Devnum device, std::uint64_t value) {
  return to_string(device) + " " + std::to_string(value) + "\n";
}

std::uint64_t parse_blkio(std::string_view text, Devnum device) {
  return number_or_zero(line_of(text, device));
}

std::vector<Devnum> devices_in(std::string_view text) {
  std::vector<Devnum> devices;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (const auto device = parse_devnum(take(line, ' '))) devices.push_back(*device);
  }
  return devices;
}

}  // namespace iopslimit
