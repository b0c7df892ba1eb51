// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself, and functions that read or replace a whole file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "loop/result.hpp"

namespace iopslimit {

/// Owns a file descriptor. -1 = none.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File();
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }
  /// Gives up ownership of the descriptor and returns it.
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Opens with O_CLOEXEC added to `flags`. `folder` is a descriptor as in openat(2).
Result<File> open_at(int folder, const char* path, int flags);

/// How a reader recognizes the end of a file.
enum class End {
  nothing,    ///< a read returns nothing: works for all files
  short_read  ///< a read returns less than fits the buffer: works for files on a disk and for
              ///< kernel files that are one piece (seq_file.c, single_open(); every file of a
              ///< cgroup)
};

/// Replaces `text` with the file's content from offset 0, at most `most` bytes; a longer file is
/// the error EFBIG. Works for kernel files that have no size. `text` keeps its capacity between
/// calls.
std::error_code read_whole(int fd, std::size_t most, std::string& text, End end = End::nothing);

/// Returns the text of the file at `path`, of which `most` bytes as in read_whole(). `flags`: of
/// open(2), added to O_RDONLY.
Result<std::string> read_file(const std::string& path, std::size_t most, int flags = 0);

/// Writes all of `text` at the descriptor's position.
std::error_code write_all(int fd, std::string_view text);

/// The text of a file in a buffer that is kept for the next file. Nothing clears the buffer before
/// a file is read into it. The text is followed by `padding` zero bytes, which simdjson may read.
class FileText {
 public:
  static constexpr std::size_t padding = 64;

  FileText() = default;
  explicit FileText(std::string_view text);

  /// Like read_whole(). After an error the text is empty.
  std::error_code read(int fd, std::size_t most, End end = End::nothing);
  /// Valid until the next read().
  std::string_view view() const { return {bytes_.get(), size_}; }
  /// Empties the text and releases the buffer if that is larger than `kept` bytes.
  void release_above(std::size_t kept);

 private:
  void grow(std::size_t capacity);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t size_ = 0;
};

/// Who may read a new file: whoever the umask allows, or everybody.
enum class Readers { by_umask, everybody };

/// Writes `text` to a new file beside `path` and renames it to `path`, so that a reader sees either
/// the old or the new text, never a part of it. The new file's name begins with a '.': who reads
/// every file of the folder passes over it.
std::error_code replace_file(const std::string& path, std::string_view text,
                             Readers readers = Readers::by_umask);

/// Returns errno as an error code.
std::error_code last_error();

/// Throws std::system_error with `what` when a libsystemd-style result is a negative errno;
/// otherwise returns the result.
int check(int result, const char* what);

}  // namespace iopslimit
