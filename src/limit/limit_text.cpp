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

void add(LimitLine& line, const char* key, std::uint64_t value) {
  line << key;
  value == 0 ? line << "max" : line << value;
}

}  // namespace

LimitLine& LimitLine::operator<<(std::string_view text) {
  size_ += text.copy(text_.data() + size_, text_.size() - size_);
  return *this;
}

LimitLine& LimitLine::operator<<(std::uint64_t number) {
  const auto end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number);
  size_ = static_cast<std::size_t>(end.ptr - text_.data());
  return *this;
}

LimitLine format_io_max(Devnum device, const Limit& limit) {
  LimitLine line;
  line << device.major << ":" << device.minor;
  add(line, " rbps=", limit.read_bps);
  add(line, " wbps=", limit.write_bps);
  add(line, " riops=", limit.read_iops);
  add(line, " wiops=", limit.write_iops);
  return line << "\n";
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

LimitLine format_blkio(Devnum device, std::uint64_t value) {
  LimitLine line;
  return line << device.major << ":" << device.minor << " " << value << "\n";
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
