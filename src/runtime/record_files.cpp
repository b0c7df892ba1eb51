// SPDX-License-Identifier: Apache-2.0
#include "runtime/record_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace iopslimit {
namespace {

// The largest buffer, in bytes, that is kept from one record to the next.
constexpr std::size_t kept_buffer = 1U << 20;

void add_below_folder(std::string& path, std::string_view id, const char* inner, const char* file) {
  if (!id.empty()) path.append("/").append(id);
  if (inner != nullptr) path.append("/").append(inner);
  path.append("/").append(file);
}

// Opens the file with a single call, in the usual case that its path contains no link at all
// (openat2(2), Linux 5.6).
Result<File> open_without_links(const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS;
  File file(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!file) return last_error();
  return file;
}

// Opens the folder that contains the file. The folder named after the ID and those below it must
// not be links, because a container may influence what is in them. The folder above them may be a
// link.
Result<File> open_folder(const std::string& folder, std::string_view id, const char* inner) {
  constexpr int path_only = O_PATH | O_DIRECTORY;
  if (id.empty()) return open_at(AT_FDCWD, folder.c_str(), path_only);
  const std::string path = std::string(folder).append("/").append(id);
  auto opened = open_at(AT_FDCWD, path.c_str(), path_only | O_NOFOLLOW);
  if (!opened || inner == nullptr) return opened;
  return open_at(opened->fd(), inner, path_only | O_NOFOLLOW);
}

bool is_absent(std::error_code error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

bool is_unread(std::error_code error) {
  return error == std::errc::file_too_large || error == std::errc::resource_unavailable_try_again;
}

std::string reason_of(std::error_code error) {
  if (error == std::errc::invalid_seek) return "is not a regular file";
  if (error == std::errc::value_too_large) return "is too large: it has more than 64 MiB";
  if (error == std::errc::message_size) return "is too large: what counts of it has several MiB";
  return error.message();
}

}  // namespace

void RecordFiles::add(const std::string& root, const std::string& folder, const char* inner,
                      const char* file) {
  std::string path = root;
  path.append("/").append(folder);
  places_.push_back({root, folder, std::move(path), inner, file});
}

std::error_code RecordFiles::read_file(const Place& place, std::string_view id) {
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  path_.assign(place.path);
  add_below_folder(path_, id, place.inner, place.file);
  if (large_ != nullptr && large_->knows(path_)) return large_->read(path_, text_);
  auto file = open_without_links(path_, flags);
  if (!file && !is_absent(file.error())) {
    const auto folder = open_folder(place.path, id, place.inner);
    file = folder ? open_at(folder->fd(), place.file, flags) : folder.error();
  }
  const auto error = file ? text_.read(file->fd(), usual, End::short_read) : file.error();
  if (error != std::errc::file_too_large || large_ == nullptr) return error;
  large_->add(path_, std::move(file).value_or(File()), members_, most_);
  return large_->read(path_, text_);
}

RecordAnswer RecordFiles::read(std::string_view id,
                               const std::function<RecordAnswer(const FileText&)>& parse) {
  RecordAnswer bad = NoRecord{};
  for (const Place& place : places_) {
    const std::error_code error = read_file(place, id);
    if (error && is_absent(error)) continue;
    if (is_unread(error)) return LargeRecord{};
    RecordAnswer answer = error ? BadRecord{reason_of(error)} : parse(text_);
    if (std::holds_alternative<Record>(answer)) {
      text_.release_above(kept_buffer);
      return answer;
    }
    if (auto* found = std::get_if<BadRecord>(&answer); found != nullptr && bad.index() == 0)
      bad = BadRecord{path_ + ": " + found->why};
  }
  text_.release_above(kept_buffer);
  return bad;
}

RecordFiles::Found RecordFiles::find(std::string_view id,
                                     const std::function<bool(const FileText&)>& take) {
  Found found = Found::nothing;
  for (const Place& place : places_) {
    const std::error_code error = read_file(place, id);
    if (error && is_absent(error)) continue;
    if (is_unread(error)) return Found::large;
    found = !error && take(text_) ? Found::yes : Found::unusable;
    if (found == Found::yes) break;
  }
  text_.release_above(kept_buffer);
  return found;
}

std::vector<RecordFile> RecordFiles::files_of(std::string_view id) const {
  std::vector<RecordFile> files;
  for (const Place& place : places_) {
    std::string relative = place.folder;
    add_below_folder(relative, id, place.inner, place.file);
    files.push_back({place.root, std::move(relative)});
  }
  return files;
}

}  // namespace iopslimit
