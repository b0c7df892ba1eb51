// SPDX-License-Identifier: Apache-2.0
#include "loop/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>

namespace iopslimit {
namespace {

// Adds the number of bytes read to `size`. `more` returns the free part of the buffer after them,
// which is never empty.
template <typename More>
std::error_code read_all(int fd, std::size_t most, End end, std::size_t& size, More more) {
  for (;;) {
    const std::span<char> space = more();
    const ssize_t count = pread(fd, space.data(), space.size(), static_cast<off_t>(size));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    size += static_cast<std::size_t>(count);
    if (size > most) return std::make_error_code(std::errc::file_too_large);
    const bool is_short = static_cast<std::size_t>(count) < space.size();
    if (count == 0 || (end == End::short_read && is_short)) return {};
  }
}

}  // namespace

File::~File() {
  if (fd_ >= 0) close(fd_);
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

Result<File> open_at(int folder, const char* path, int flags) {
  File file(openat(folder, path, flags | O_CLOEXEC, 0644));
  if (!file) return last_error();
  return file;
}

std::error_code read_whole(int fd, std::size_t most, std::string& text, End end) {
  constexpr std::size_t least = 4096;
  constexpr std::size_t usual = 65536;  // a larger buffer is not cleared whole for a small file
  std::size_t size = 0;
  text.resize(std::clamp(text.capacity(), least, usual));
  const auto more = [&text, &size] {
    if (size == text.size()) text.resize(std::max(text.capacity(), size * 2));
    return std::span(text).subspan(size);
  };
  const std::error_code error = read_all(fd, most, end, size, more);
  if (!error) text.resize(size);
  return error;
}

FileText::FileText(std::string_view text) {
  grow(text.size());
  size_ = text.copy(bytes_.get(), text.size());
  std::memset(bytes_.get() + size_, 0, padding);
}

void FileText::grow(std::size_t capacity) {
  std::unique_ptr<char[]> larger(new char[capacity + padding]);  // not cleared
  view().copy(larger.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

void FileText::release_above(std::size_t kept) {
  if (capacity_ > kept) *this = FileText();
}

std::error_code FileText::read(int fd, std::size_t most, End end) {
  size_ = 0;
  const auto more = [this] {
    if (size_ == capacity_) grow(std::max(std::size_t{65536}, capacity_ * 2));
    return std::span(bytes_.get() + size_, capacity_ - size_);
  };
  const std::error_code error = read_all(fd, most, end, size_, more);
  if (error) size_ = 0;
  std::memset(bytes_.get() + size_, 0, padding);
  return error;
}

Result<std::string> read_file(const std::string& path, std::size_t most, int flags) {
  const auto file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | flags);
  if (!file) return file.error();
  std::string text;
  if (const auto error = read_whole(file->fd(), most, text)) return error;
  return text;
}

std::error_code write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::error_code replace_file(const std::string& path, std::string_view text, Readers readers) {
  const std::size_t name = path.rfind('/') + 1;
  const std::string next = path.substr(0, name) + "." + path.substr(name) + ".new";
  const auto file = open_at(AT_FDCWD, next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) return file.error();
  if (readers == Readers::everybody && fchmod(file->fd(), 0644) != 0) return last_error();
  if (const auto error = write_all(file->fd(), text)) return error;
  return std::rename(next.c_str(), path.c_str()) == 0 ? std::error_code() : last_error();
}

int check(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
  return result;
}

}  // namespace iopslimit
