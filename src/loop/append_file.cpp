// SPDX-License-Identifier: Apache-2.0
#include "loop/append_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace iopslimit {
namespace {

// Room for some hundred lines: mapping more takes three system calls.
constexpr std::size_t usual_room = 32768;

}  // namespace

AppendFile::~AppendFile() {
  if (window_ != nullptr) munmap(window_, window_size_);
}

void AppendFile::swap(AppendFile& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(window_, other.window_);
  std::swap(window_at_, other.window_at_);
  std::swap(window_size_, other.window_size_);
}

Result<AppendFile> AppendFile::replace(const std::string& path, std::string_view text) {
  const std::string next = path + ".new";
  auto file = open_at(AT_FDCWD, next.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) return file.error();
  if (const auto error = write_all(file->fd(), text)) return error;
  if (std::rename(next.c_str(), path.c_str()) != 0) return last_error();
  AppendFile made;
  made.file_ = *std::move(file);
  made.size_ = text.size();
  return made;
}

// Maps the end of the file with `room` for more text. Without that room on the disk, a write to the
// mapping would be a SIGBUS.
std::error_code AppendFile::map_end(std::size_t room) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t at = size_ / page * page;
  const std::size_t length = size_ - at + room;
  if (const int error = posix_fallocate(fd(), static_cast<off_t>(at), static_cast<off_t>(length)))
    return {error, std::generic_category()};
  void* window =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd(), static_cast<off_t>(at));
  if (window == MAP_FAILED) return last_error();
  if (window_ != nullptr) munmap(window_, window_size_);
  window_ = static_cast<char*>(window);
  window_at_ = at;
  window_size_ = length;
  return {};
}

std::error_code AppendFile::append(std::string_view text) {
  if (size_ + text.size() > window_at_ + window_size_) {
    if (const auto error = map_end(std::max(usual_room, text.size()))) return error;
  }
  text.copy(window_ + (size_ - window_at_), text.size());
  size_ += text.size();
  return {};
}

}  // namespace iopslimit
