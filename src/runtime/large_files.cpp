// SPDX-License-Identifier: Apache-2.0
#include "runtime/large_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace iopslimit {

void LargeFiles::add(const std::string& path, File file, std::span<const KeptMember> members,
                     std::size_t most) {
  Reading reading{.file = std::move(file), .sieve = JsonSieve(members), .most = most};
  struct stat status {};
  if (fstat(reading.file.fd(), &status) == 0 && status.st_size > static_cast<off_t>(max_file))
    reading.result = std::make_error_code(std::errc::value_too_large);
  files_.emplace(path, std::move(reading));
}

std::error_code LargeFiles::read(const std::string& path, FileText& text) {
  Reading& reading = files_.at(path);
  if (!reading.result) {
    const std::error_code error = read_piece(reading);
    if (error == std::errc::resource_unavailable_try_again) return error;
    reading.result = error;
  }
  if (!*reading.result) text = FileText(reading.sieve.kept());
  return *reading.result;
}

std::error_code LargeFiles::read_piece(Reading& reading) {
  piece_.resize(piece);
  const ssize_t count =
      pread(reading.file.fd(), piece_.data(), piece_.size(), static_cast<off_t>(reading.size));
  if (count < 0 && errno != EINTR) return last_error();
  if (count == 0) return {};
  if (count > 0) {
    reading.size += static_cast<std::size_t>(count);
    reading.sieve.feed(std::string_view(piece_).substr(0, static_cast<std::size_t>(count)));
  }
  if (reading.size > max_file) return std::make_error_code(std::errc::value_too_large);
  if (reading.sieve.kept().size() > reading.most)
    return std::make_error_code(std::errc::message_size);
  return std::make_error_code(std::errc::resource_unavailable_try_again);
}

}  // namespace iopslimit
