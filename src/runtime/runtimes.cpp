// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtimes.hpp"

#include <glob.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "runtime/containerd.hpp"
#include "runtime/crio.hpp"
#include "runtime/docker.hpp"
#include "runtime/podman.hpp"

namespace iopslimit {
namespace {

// A distribution that brings its own containerd keeps the state in <run>/<its name>/containerd.
std::vector<std::string> states_below(const std::string& run) {
  constexpr std::string_view tasks = "/io.containerd.runtime.v2.task";
  std::vector<std::string> states;
  glob_t found{};
  if (glob((run + "/*/containerd").append(tasks).c_str(), GLOB_ONLYDIR, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string_view path = found.gl_pathv[i];
      states.emplace_back(path.substr(0, path.size() - tasks.size()));
    }
  }
  globfree(&found);
  return states;
}

}  // namespace

RecordFolders known_record_folders(const std::vector<std::string>& states,
                                   std::vector<std::string> containerd_namespaces,
                                   const std::string& run) {
  RecordFolders folders{.containerd_states = states,
                        .containerd_namespaces = std::move(containerd_namespaces),
                        .crio_storages = states,
                        .docker_roots = states};
  for (const char* known : {"/run/containerd", "/run/k3s/containerd", "/run/k0s/containerd",
                            "/var/snap/microk8s/common/run/containerd"})
    folders.containerd_states.emplace_back(known);
  for (std::string& found : states_below(run)) {
    if (std::ranges::find(folders.containerd_states, found) == folders.containerd_states.end())
      folders.containerd_states.push_back(std::move(found));
  }
  for (const char* known : {"/run/containers/storage", "/var/lib/containers/storage"})
    folders.crio_storages.emplace_back(known);
  folders.docker_roots.emplace_back("/var/lib/docker");
  return folders;
}

std::vector<RuntimeSocket> known_sockets(const std::vector<std::string>& states) {
  std::vector<RuntimeSocket> sockets;
  sockets.reserve(states.size() + 7);  // and those below
  for (const std::string& state : states)
    sockets.push_back({state + "/containerd.sock", RuntimeHint::containerd});
  for (const char* known :
       {"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
        "/run/k0s/containerd.sock", "/var/snap/microk8s/common/run/containerd.sock"})
    sockets.push_back({known, RuntimeHint::containerd});
  sockets.push_back({"/run/crio/crio.sock", RuntimeHint::crio});
  for (const char* known : {"/run/cri-dockerd.sock", "/run/dockershim.sock"})
    sockets.push_back({known, RuntimeHint::docker});
  return sockets;
}

RuntimeSources known_sources(const RecordFolders& folders, RuntimeType type,
                             const RecordRequest& request) {
  RuntimeSources sources;
  sources.push_back(std::make_unique<ContainerdSource>(
      folders.containerd_states, folders.containerd_namespaces, type, request));
  sources.push_back(std::make_unique<CrioSource>(folders.crio_storages, type, request));
  sources.push_back(std::make_unique<PodmanSource>(folders.crio_storages));
  sources.push_back(std::make_unique<DockerSource>(folders.docker_roots, type, request));
  return sources;
}

RecordAnswer Runtimes::read(const ContainerPath& container) {
  incomplete_ = nullptr;
  RecordAnswer bad = NoRecord{};
  for (const auto& source : sources_) {
    RecordAnswer answer = source->read(container);
    if (auto* record = std::get_if<Record>(&answer)) {
      if (facts_ != nullptr) facts_->add_to(*record, container);
      if (record->incomplete) {
        incomplete_ = source.get();
        incomplete_cgroup_ = container.cgroup;
      }
      return answer;
    }
    if (std::holds_alternative<LargeRecord>(answer)) return answer;
    if (std::holds_alternative<NoRecord>(bad)) bad = std::move(answer);
  }
  return bad;
}

RecordAnswer Runtimes::read_piece(const ContainerPath& container) {
  if (std::exchange(large_cgroup_, container.cgroup) != container.cgroup) large_.clear();
  for (const auto& source : sources_) source->read_large_with(&large_);
  RecordAnswer answer = read(container);
  for (const auto& source : sources_) source->read_large_with(nullptr);
  if (!is_large(answer)) large_.clear();
  return answer;
}

RecordAnswer Runtimes::read_whole(const ContainerPath& container) {
  RecordAnswer answer = read(container);
  while (is_large(answer)) answer = read_piece(container);
  return answer;
}

std::vector<RecordFile> Runtimes::awaited_files(const ContainerPath& container) const {
  if (incomplete_ != nullptr && incomplete_cgroup_ == container.cgroup)
    return incomplete_->awaited_files(container);
  std::vector<RecordFile> files;
  for (const auto& source : sources_) {
    for (RecordFile& file : source->awaited_files(container)) files.push_back(std::move(file));
  }
  return files;
}

}  // namespace iopslimit
