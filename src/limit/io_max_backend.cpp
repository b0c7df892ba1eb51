// SPDX-License-Identifier: Apache-2.0
#include "limit/io_max_backend.hpp"

#include "limit/limit_text.hpp"

namespace iopslimit {

IoMaxFile::IoMaxFile(const std::string& root) : files_(root) {}

std::error_code IoMaxFile::begin(const RulePlace& place, const Limit& limit) {
  std::error_code error;
  const File file = files_.open(place.cgroup, "io.max", error);
  return error ? error : write_line(file.fd(), format_io_max(place.device, limit));
}

std::error_code IoMaxFile::write(const RulePlace& place, const Limit& limit) {
  std::error_code error;
  const File file = files_.open(place.cgroup, "io.max", error);
  if (error) return error;
  if ((error = read_limit_file(file.fd(), text_))) return error;
  if (parse_io_max(text_, place.device) == limit) return {};
  if ((error = write_line(file.fd(), format_io_max(place.device, limit)))) return error;
  if ((error = read_limit_file(file.fd(), text_))) return error;
  if (parse_io_max(text_, place.device) != limit) return SinkError::not_held;
  return {};
}

std::optional<Limit> IoMaxFile::read(const RulePlace& place) {
  std::error_code error;
  const File file = files_.open(place.cgroup, "io.max", error);
  if (error || read_limit_file(file.fd(), text_)) return std::nullopt;
  return parse_io_max(text_, place.device);
}

}  // namespace iopslimit
