// SPDX-License-Identifier: Apache-2.0
// Parses the directory names that the runtimes give to containers and pods.
#pragma once

#include <optional>
#include <string_view>

#include "cgroup/path.hpp"

namespace iopslimit {

/// What the name of a directory tells about the container in it. The texts are parts of that name.
struct ContainerName {
  std::string_view id;
  std::string_view slice;   ///< of `<slice>:<prefix>:<id>`, with its ".slice"; empty otherwise
  std::string_view prefix;  ///< "cri-containerd", "kata"; empty for a bare ID
  RuntimeHint runtime = RuntimeHint::unknown;
  bool scope = false;    ///< the name ends in ".scope": systemd created the directory
  bool monitor = false;  ///< conmon's directory, which holds no process of the container
};

/// Parses the name of a directory that ends in a container's ID: `<id>`, `<prefix>-<id>` with any
/// prefix and separator, each with or without ".scope", and `<slice>:<prefix>:<id>`, which runc
/// creates when the kubelet uses systemd and runc does not (SystemdCgroup = false; getCgroupsPath
/// in containerd's CRI plugin). Returns nothing for every other name.
std::optional<ContainerName> parse_container_name(std::string_view name);

/// Sets the prefix and what it tells.
void set_prefix(ContainerName& name, std::string_view prefix);

/// What the name of a directory tells about the pod in it.
struct PodName {
  std::string_view uid;  ///< as the directory spells it
  bool slice = false;    ///< the name of a systemd slice, where a uid's dashes are underscores
};

/// Parses the name of a pod's directory: `pod<uid>`, `<anything>-pod<uid>.slice`.
std::optional<PodName> parse_pod_name(std::string_view name);

/// Whether `name` is one of podman's own pods: a directory in `parent` that holds containers
/// (platformMakePod in libpod).
bool is_podman_pod(std::string_view name, std::string_view parent);

/// Whether `name`, a directory in `parent`, is that of a step of an image build: BuildKit creates
/// `buildkit/<its ID>`, or `<slice>:docker:<its ID>` where dockerd uses systemd (newCgroupParent in
/// moby's cmd/dockerd). Its IDs are not those of containers.
bool is_build_step(std::string_view name, std::string_view parent);

/// Removes `suffix` from the end of `text`, or `prefix` from its start. Returns false, and changes
/// nothing, if it is not there.
bool take_suffix(std::string_view& text, std::string_view suffix);
bool take_prefix(std::string_view& text, std::string_view prefix);

}  // namespace iopslimit
