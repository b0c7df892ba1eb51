// SPDX-License-Identifier: Apache-2.0
// A file that only grows at its end, without a system call for each piece.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "loop/file.hpp"

namespace iopslimit {

/// Writes through a mapping of the file's end, so that what was appended is in the file even if the
/// process is killed at once. Behind the text the file has zeros, for which the disk has room: an
/// append never fails half way.
class AppendFile {
 public:
  AppendFile() = default;
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept { swap(other); }
  AppendFile& operator=(AppendFile&& other) noexcept {
    swap(other);
    return *this;
  }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// Replaces the file at `path` with one that holds `text`, by a rename.
  static Result<AppendFile> replace(const std::string& path, std::string_view text);

  /// Appends all of `text`, or nothing: then it returns why.
  std::error_code append(std::string_view text);
  int fd() const { return file_.fd(); }
  explicit operator bool() const { return static_cast<bool>(file_); }

 private:
  void swap(AppendFile& other) noexcept;
  std::error_code map_end(std::size_t room);

  File file_;
  std::size_t size_ = 0;       // of the text
  char* window_ = nullptr;     // the mapped part; null until the first append
  std::size_t window_at_ = 0;  // its offset in the file
  std::size_t window_size_ = 0;
};

}  // namespace iopslimit
