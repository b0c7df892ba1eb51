// SPDX-License-Identifier: Apache-2.0
#include "limit/limit_text.hpp"

#include <charconv>

#include "loop/token.hpp"

namespace iopslimit {
namespace {

// Returns the rest of the line that begins with `device` and a blank; empty when there is none.
std::string_view line_of(std::string_view text, Devnum device) {
  const std::string start = to_string(device) + " ";
  while (!text.empty()) {
    std::string_view line = take_token(text, '\n');
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
    std::string_view value = take_token(line, ' ');
    const std::string_view key = take_token(value, '=');
    if (key == "rbps") limit.read_bps = whole_number(value).value_or(0);
    if (key == "wbps") limit.write_bps = whole_number(value).value_or(0);
    if (key == "riops") limit.read_iops = whole_number(value).value_or(0);
    if (key == "wiops") limit.write_iops = whole_number(value).value_or(0);
  }
  return limit;
}

LimitLine format_blkio(Devnum device, std::uint64_t value) {
  LimitLine line;
  return line << device.major << ":" << device.minor << " " << value << "\n";
}

std::uint64_t parse_blkio(std::string_view text, Devnum device) {
  return whole_number(line_of(text, device)).value_or(0);
}

std::vector<Devnum> devices_in(std::string_view text) {
  std::vector<Devnum> devices;
  while (!text.empty()) {
    std::string_view line = take_token(text, '\n');
    if (const auto device = parse_devnum(take_token(line, ' '))) devices.push_back(*device);
  }
  return devices;
}

}  // namespace iopslimit
