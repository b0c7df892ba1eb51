// SPDX-License-Identifier: Apache-2.0
// What the runtimes call the directories of their containers.
#pragma once

#include <optional>
#include <string_view>

#include "cgroup/path.hpp"

namespace iopslimit {

/// What the name of a container's directory says; `id` is a part of that name.
struct ContainerName {
  std::string_view id;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool scope = false;  ///< systemd made the directory
};

/// The direct child of a pod's directory, for the kubelet's cgroup driver; nothing when it is no
/// container.
std::optional<ContainerName> parse_container_name(std::string_view name, bool systemd_driver);

/// A directory in the root of the hierarchy that containers outside of the kubelet's tree are in.
struct StandaloneHome {
  std::string_view directory;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool systemd_driver = false;
  std::string_view container_prefix;  ///< of a container's name, before the id
  std::string_view pod_prefix;        ///< of a pod's name, before the pod's id (podman only)
};

/// The home of that name, when `asked` wants the containers in it; null for any other directory.
const StandaloneHome* find_standalone_home(std::string_view directory, Standalone requested);

/// A container in `home` or in a pod in it; nothing for every other name.
std::optional<ContainerName> parse_standalone_name(std::string_view name,
                                                   const StandaloneHome& home);

/// Whether `name` is a pod of podman's own, a directory in `home` with containers in it.
bool is_standalone_pod(std::string_view name, const StandaloneHome& home);

/// Takes the end off `text` when it is there, and says whether it was. The same for the start.
bool take_suffix(std::string_view& text, std::string_view suffix);
bool take_prefix(std::string_view& text, std::string_view prefix);

}  // namespace iopslimit
