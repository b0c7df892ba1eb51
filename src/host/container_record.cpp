// SPDX-License-Identifier: Apache-2.0
#include "host/container_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "host/file.hpp"

namespace iopslimit {
namespace {

// What a buffer may keep from one record to the next.
constexpr std::size_t kept_buffer = 1U << 20;

}  // namespace

ContainerRecord::ContainerRecord(std::vector<std::string> states,
                                 const std::string& containerd_namespace)
    : folders_(std::move(states)) {
  folders_.insert(folders_.end(), {"/run/containerd", "/run/k3s/containerd",
                                   "/var/snap/microk8s/common/run/containerd"});
  for (std::string& folder : folders_) {
    folder += "/io.containerd.runtime.v2.task/" + containerd_namespace;
  }
}

std::error_code ContainerRecord::read_bundle(const std::string& folder, const std::string& id) {
  std::error_code error;
  const File bundle =
      open_at(AT_FDCWD, (folder + "/" + id).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW, error);
  if (error) return error;
  const File file = open_at(bundle.fd(), "config.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, error);
  if (error) return error;
  struct stat about {};
  if (fstat(file.fd(), &about) != 0) return last_error();
  if (!S_ISREG(about.st_mode)) return std::make_error_code(std::errc::not_supported);
  return read_whole(file.fd(), max_record, text_);
}

RecordAnswer ContainerRecord::read(const ContainerPath& container) {
  for (const std::string& folder : folders_) {
    const std::error_code error = read_bundle(folder, container.id);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      continue;
    RecordAnswer answer =
        error ? RecordAnswer(BadRecord{error.message()}) : parser_.parse_containerd(text_);
    if (text_.capacity() > kept_buffer) text_ = std::string();
    if (auto* bad = std::get_if<BadRecord>(&answer)) {
      bad->why = folder + "/" + container.id + "/config.json: " + bad->why;
    }
    return answer;
  }
  return NoRecord{};
}

}  // namespace iopslimit
