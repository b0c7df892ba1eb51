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

template <typename Fact>
void fill(Fact& fact, Fact& from) {
  if (fact.empty()) fact = std::move(from);
}

void fill(Record& record, Record& from) {
  fill(record.name, from.name);
  fill(record.image, from.image);
  fill(record.pod, from.pod);
  fill(record.pod_namespace, from.pod_namespace);
  fill(record.labels, from.labels);
  fill(record.annotations, from.annotations);
  if (from.incomplete)
    record.lack = record.incomplete ? std::max(record.lack, from.lack) : from.lack;
  record.incomplete = record.incomplete || from.incomplete;
}

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
  incomplete_.clear();
  RecordAnswer bad = NoRecord{};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    RecordAnswer answer = sources_[i]->read(container);
    if (auto* record = std::get_if<Record>(&answer)) {
      if (record->incomplete) incomplete_.push_back(sources_[i].get());
      add_facts(*record, i + 1, container);
      if (record->incomplete) incomplete_cgroup_ = container.cgroup;
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

void Runtimes::add_facts(Record& record, std::size_t first_source, const ContainerPath& container) {
  for (std::size_t i = first_source; i < sources_.size(); ++i) {
    if (!sources_[i]->adds_to(container, record)) continue;
    RecordAnswer answer = sources_[i]->read(container);
    auto* more = std::get_if<Record>(&answer);
    if (more == nullptr) continue;
    if (more->incomplete) incomplete_.push_back(sources_[i].get());
    fill(record, *more);
  }
}

std::vector<RecordFile> Runtimes::awaited_files(const ContainerPath& container) const {
  std::vector<RecordFile> files;
  const auto add = [&](const RuntimeSource& source) {
    for (RecordFile& file : source.awaited_files(container)) files.push_back(std::move(file));
  };
  if (!incomplete_.empty() && incomplete_cgroup_ == container.cgroup) {
    for (const RuntimeSource* source : incomplete_) add(*source);
  } else {
    for (const auto& source : sources_) add(*source);
  }
  return files;
}

}  // namespace iopslimit
