// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself, and whole reads through it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

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
  /// Gives the descriptor away.
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Opens with O_CLOEXEC added to `flags`; `error` is set when the File is empty. `folder` as in
/// openat(2).
File open_at(int folder, const char* path, int flags, std::error_code& error);

/// How the end of a file shows.
enum class End {
  nothing,    ///< to a read that gets nothing: all files
  short_read  ///< to one that gets less than it could: files on a disk, and those of the kernel
              ///< that are one piece (seq_file.c, single_open(); every file of a cgroup)
};

/// Replaces `text` with the file's content from offset 0, at most `most` bytes; a longer file is
/// EFBIG. Works on kernel files that have no size. `text` keeps its capacity between calls.
std::error_code read_whole(int fd, std::size_t most, std::string& text, End end = End::nothing);

/// Who may read a new file: those whom the umask lets, or everybody.
enum class Readers { by_umask, everybody };

/// Writes `text` to a new file beside `path` and renames it there: a reader sees the old or the new
/// text whole.
std::error_code replace_file(const std::string& path, std::string_view text,
                             Readers readers = Readers::by_umask);

/// errno as a code.
std::error_code last_error();

/// Throws std::system_error with `what` when a libsystemd-style result is a negative errno; hands
/// the result on.
int check(int result, const char* what);

}  // namespace iopslimit
