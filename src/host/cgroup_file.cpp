// SPDX-License-Identifier: Apache-2.0
#include "host/cgroup_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/limit_sink.hpp"

namespace iopslimit {

File open_hierarchy(const std::string& root) {
  std::error_code error;
  File file = open_at(AT_FDCWD, root.c_str(), O_PATH | O_DIRECTORY, error);
  if (error) throw std::system_error(error, "cannot open the cgroup hierarchy " + root);
  return file;
}

File open_cgroup_file(int root, std::string_view cgroup, std::string_view file, std::string& path,
                      std::error_code& error) {
  path.assign(cgroup.substr(1));
  path += '/';
  path += file;
  File opened = open_at(root, path.c_str(), O_RDWR | O_NOFOLLOW, error);
  if (error == std::errc::no_such_file_or_directory) {
    path.resize(path.size() - file.size());
    struct stat about {};
    const bool there = fstatat(root, path.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
    path += file;
    // Once more, or another cgroup of the same name, made meanwhile, would pass for one without
    // the controller.
    if (there) opened = open_at(root, path.c_str(), O_RDWR | O_NOFOLLOW, error);
    if (error == std::errc::no_such_file_or_directory)
      error = there ? SinkError::controller_missing : SinkError::cgroup_gone;
  }
  if (error == std::errc::no_such_device) {
    error = SinkError::cgroup_gone;  // kernfs: the directory is being removed
  }
  return opened;
}

std::error_code write_line(int fd, std::string_view line) {
  ssize_t count = 0;
  do {
    count = pwrite(fd, line.data(), line.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {};
  if (errno != ENODEV && errno != EOPNOTSUPP) return last_error();
  // A removed cgroup's file gives ENODEV for every call (fs/kernfs/file.c), an unknown disk only
  // for the write.
  char byte = 0;
  if (pread(fd, &byte, 1, 0) < 0 && errno == ENODEV) return SinkError::cgroup_gone;
  return SinkError::device_refused;
}

std::error_code read_limit_file(int fd, std::string& text) {
  const std::error_code error = read_whole(fd, max_limit_file, text, End::short_read);
  // The only reason for it when reading: the directory was removed after the file was opened.
  return error == std::errc::no_such_device ? make_error_code(SinkError::cgroup_gone) : error;
}

}  // namespace iopslimit
