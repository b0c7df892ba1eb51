// SPDX-License-Identifier: Apache-2.0
#include "runtime/record_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace iopslimit {
namespace {

// The largest capacity that a buffer keeps from one record to the next.
constexpr std::size_t kept_buffer = 1U << 20;

void add_below_folder(std::string& path, const std::string& id, const char* inner,
                      const char* file) {
  for (const char* part : {id.c_str(), inner, file}) {
    if (part != nullptr && *part != '\0') path.append("/").append(part);
  }
}

std::string below_folder(const std::string& folder, const std::string& id, const char* inner,
                         const char* file) {
  std::string path = folder;
  add_below_folder(path, id, inner, file);
  return path;
}

// Opens the file with a single call, in the usual case that its path contains no link at all
// (openat2(2), Linux 5.6).
File open_without_links(const std::string& path, int flags, std::error_code& error) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS;
  File file(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  error = file ? std::error_code() : last_error();
  return file;
}

// Opens the folder that contains the file. The folder named after the ID and those below it must
// not be links, because a container may influence what is in them. The folder above them may be a
// link. `path` is a buffer.
File open_folder(const std::string& folder, const std::string& id, const char* inner,
                 std::string& path, std::error_code& error) {
  constexpr int path_only = O_PATH | O_DIRECTORY;
  if (id.empty()) return open_at(AT_FDCWD, folder.c_str(), path_only, error);
  path.assign(folder).append("/").append(id);
  File opened = open_at(AT_FDCWD, path.c_str(), path_only | O_NOFOLLOW, error);
  if (error || inner == nullptr) return opened;
  return open_at(opened.fd(), inner, path_only | O_NOFOLLOW, error);
}

bool is_absent(std::error_code error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

}  // namespace

RecordFolders known_record_folders(const std::vector<std::string>& states,
                                   std::vector<std::string> containerd_namespaces) {
  RecordFolders folders{.containerd_states = states,
                        .containerd_namespaces = std::move(containerd_namespaces),
                        .crio_storages = states,
                        .docker_roots = states};
  for (const char* known :
       {"/run/containerd", "/run/k3s/containerd", "/var/snap/microk8s/common/run/containerd"})
    folders.containerd_states.emplace_back(known);
  for (const char* known : {"/run/containers/storage", "/var/lib/containers/storage"})
    folders.crio_storages.emplace_back(known);
  folders.docker_roots.emplace_back("/var/lib/docker");
  return folders;
}

RecordFiles::RecordFiles(const RecordFolders& folders, RuntimeType type, RecordRequest request)
    : type_(type), request_(std::move(request)) {
  for (const std::string& state : folders.containerd_states) {
    for (const std::string& name : folders.containerd_namespaces) {
      add_place(RuntimeHint::containerd, state, "io.containerd.runtime.v2.task/" + name, nullptr,
                "config.json");
    }
  }
  for (const std::string& storage : folders.crio_storages) {
    add_place(RuntimeHint::crio, storage, "overlay-containers", "userdata", "config.json");
    for (const char* list : {"containers.json", "volatile-containers.json"})
      add_place(RuntimeHint::podman, storage, "overlay-containers", nullptr, list);
  }
  for (const std::string& root : folders.docker_roots)
    add_place(RuntimeHint::docker, root, "containers", nullptr, "config.v2.json");
}

void RecordFiles::add_place(RuntimeHint runtime, const std::string& root, const std::string& folder,
                            const char* inner, const char* file) {
  std::string path = root;
  path.append("/").append(folder);
  places_.push_back({runtime, root, folder, std::move(path), inner, file});
}

// `id` is empty for podman's lists, which are in the folder itself.
std::error_code RecordFiles::read_file(const Place& place, const std::string& id) {
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  std::error_code error;
  path_.assign(place.path);
  add_below_folder(path_, id, place.inner, place.file);
  File file = open_without_links(path_, flags, error);
  if (error && !is_absent(error)) {
    const File folder = open_folder(place.path, id, place.inner, path_, error);
    if (!error) file = open_at(folder.fd(), place.file, flags, error);
  }
  if (error) return error;
  const std::size_t most = place.runtime == RuntimeHint::podman ? max_list : max_record;
  return read_whole(file.fd(), most, text_, End::short_read);
}

RecordAnswer RecordFiles::read_at(const Place& place, const ContainerPath& container) {
  const bool is_list = place.runtime == RuntimeHint::podman;
  const std::string& id = container.id;
  const std::error_code error = read_file(place, is_list ? std::string() : id);
  if (is_absent(error)) return NoRecord{};
  RecordAnswer answer;
  if (error) {
    const bool pipe = error == std::errc::invalid_seek;
    answer = BadRecord{pipe ? "is not a regular file" : error.message()};
  } else if (place.runtime == RuntimeHint::containerd) {
    answer = parser_.parse_containerd(text_, request_, container.pod_uid);
  } else if (place.runtime == RuntimeHint::crio) {
    answer = parser_.parse_crio(text_, request_);
  } else if (place.runtime == RuntimeHint::docker) {
    answer = parser_.parse_docker(text_, request_, !container.pod_uid.empty());
  } else {
    answer = parser_.parse_podman(text_, id);
  }
  if (auto* bad = std::get_if<BadRecord>(&answer)) {
    bad->why =
        below_folder(place.path, is_list ? "" : id, place.inner, place.file) + ": " + bad->why;
  }
  return answer;
}

bool RecordFiles::read_sandbox(Record& record, const ContainerPath& container) {
  for (const Place& place : places_) {
    if (place.runtime != record.runtime || read_file(place, record.sandbox_id)) continue;
    if (parser_.join_sandbox(record, text_, request_, container.pod_uid)) return true;
  }
  return false;
}

RecordAnswer RecordFiles::read(const ContainerPath& container) {
  missing_.reset();
  RecordAnswer answer = NoRecord{};
  if (!is_container_id(container.id)) return answer;
  for (const Place& place : places_) {
    if (!may_have_record(container, type_, place.runtime)) continue;
    RecordAnswer found = read_at(place, container);
    if (std::holds_alternative<NoRecord>(found)) continue;
    // A usable record in another place wins over a bad one here: CRI-O writes each record twice.
    const bool usable = std::holds_alternative<Record>(found);
    if (usable || std::holds_alternative<NoRecord>(answer)) answer = std::move(found);
    if (usable) break;
  }
  if (auto* record = std::get_if<Record>(&answer);
      record != nullptr && wants_sandbox(*record, request_) && !read_sandbox(*record, container)) {
    record->incomplete = true;
    missing_ = Missing{container.cgroup, record->runtime, record->sandbox_id};
  }
  if (auto* record = std::get_if<Record>(&answer))
    record->sandbox_id.clear();  // no longer needed, and would otherwise be kept
  if (text_.capacity() > kept_buffer) text_ = std::string();
  return answer;
}

std::vector<RecordFile> RecordFiles::awaited_files(const ContainerPath& container) const {
  std::vector<RecordFile> files;
  const bool sandbox = missing_ && missing_->cgroup == container.cgroup;
  for (const Place& place : places_) {
    const bool read = sandbox ? place.runtime == missing_->runtime
                              : may_have_record(container, type_, place.runtime);
    if (!read) continue;
    const std::string& id = sandbox ? missing_->sandbox_id : container.id;
    const bool is_list = place.runtime == RuntimeHint::podman;
    if (!is_list && !is_container_id(id)) continue;
    files.push_back(
        {place.root, below_folder(place.folder, is_list ? "" : id, place.inner, place.file)});
  }
  return files;
}

}  // namespace iopslimit
