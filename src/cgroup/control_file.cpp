// SPDX-License-Identifier: Apache-2.0
#include "cgroup/control_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "cgroup/control_error.hpp"
#include "loop/token.hpp"

namespace iopslimit {

File open_hierarchy(const std::string& root) {
  auto file = open_at(AT_FDCWD, root.c_str(), O_PATH | O_DIRECTORY);
  if (!file) throw std::system_error(file.error(), "cannot open the cgroup hierarchy " + root);
  return *std::move(file);
}

// Kernels before Linux 5.6 do not know openat2(2), and some filters of system calls refuse it; no
// file system of cgroups has links.
std::error_code check_beneath(const std::string& root, const std::string& cgroup) {
  const File folder = open_hierarchy(root);
  const std::string path = cgroup.substr(cgroup.find_first_not_of('/'));
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const File file(
      static_cast<int>(syscall(SYS_openat2, folder.fd(), path.c_str(), &how, sizeof how)));
  if (file || errno == ENOSYS || errno == EPERM) return {};
  return errno == ENOENT ? make_error_code(ControlError::cgroup_gone) : last_error();
}

Result<File> ControlFiles::open(std::string_view cgroup, std::string_view file) {
  constexpr int flags = O_RDWR | O_NOFOLLOW;
  const auto slash = last_place(cgroup, '/');
  const std::string_view parent = slash == 0 ? "." : cgroup.substr(1, slash - 1);
  path_.assign(cgroup.substr(slash + 1)).append("/").append(file);
  if (parent_folder_ && parent == parent_) {
    // A kept parent that is gone, or has another name now, does not contain this child.
    if (auto opened = open_at(parent_folder_.fd(), path_.c_str(), flags)) return opened;
  }
  parent_.assign(parent);
  auto folder = open_at(root_.fd(), parent_.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  parent_folder_ = File(folder ? folder->release() : -1);
  auto opened = folder ? open_at(parent_folder_.fd(), path_.c_str(), flags) : folder.error();
  if (opened.error() == std::errc::no_such_file_or_directory) {
    path_.resize(path_.size() - file.size());
    struct stat status {};
    const bool there = parent_folder_ && fstatat(parent_folder_.fd(), path_.c_str(), &status,
                                                 AT_SYMLINK_NOFOLLOW) == 0;
    path_ += file;
    // Try once more: another cgroup of the same name may have been created meanwhile, and would be
    // mistaken for one without the controller.
    if (there) opened = open_at(parent_folder_.fd(), path_.c_str(), flags);
    if (opened.error() == std::errc::no_such_file_or_directory)
      return make_error_code(there ? ControlError::controller_missing : ControlError::cgroup_gone);
  }
  // kernfs: the directory is being removed.
  if (opened.error() == std::errc::no_such_device)
    return make_error_code(ControlError::cgroup_gone);
  return opened;
}

std::optional<std::string_view> CgroupReader::read(const std::string& cgroup,
                                                   std::string_view file) {
  path_.assign(cgroup, 1);
  path_ += '/';
  path_ += file;
  const auto opened = open_at(root_.fd(), path_.c_str(), O_RDONLY | O_NOFOLLOW);
  if (!opened || read_whole(opened->fd(), max_limit_file, text_, End::short_read))
    return std::nullopt;
  return text_;
}

std::error_code write_line(int fd, std::string_view line) {
  ssize_t count = 0;
  do {
    count = pwrite(fd, line.data(), line.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {};
  if (errno != ENODEV && errno != EOPNOTSUPP) return last_error();
  // The file of a removed cgroup returns ENODEV for every call (fs/kernfs/file.c); for an unknown
  // disk only the write returns it.
  char byte = 0;
  if (pread(fd, &byte, 1, 0) < 0 && errno == ENODEV) return ControlError::cgroup_gone;
  return ControlError::device_refused;
}

std::error_code read_limit_file(int fd, std::string& text) {
  const std::error_code error = read_whole(fd, max_limit_file, text, End::short_read);
  // ENODEV when reading has only one cause: the directory was removed after the file was opened.
  return error == std::errc::no_such_device ? make_error_code(ControlError::cgroup_gone) : error;
}

}  // namespace iopslimit
