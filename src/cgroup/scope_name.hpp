// SPDX-License-Identifier: Apache-2.0
// Parses the directory names that the runtimes give to their containers.
#pragma once

#include <optional>
#include <string_view>

#include "cgroup/path.hpp"

namespace iopslimit {

/// The facts that the name of a container's directory contains; `id` is a part of that name.
struct ContainerName {
  std::string_view id;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool scope = false;  ///< systemd created the directory
};

/// Parses the name of a direct child of a pod's directory, for the kubelet's cgroup driver. Returns
/// nothing when it is not a container.
std::optional<ContainerName> parse_container_name(std::string_view name, bool systemd_driver);

/// A directory in the root of the hierarchy that holds containers outside of the kubelet's tree.
struct StandaloneHome {
  std::string_view directory;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool systemd_driver = false;
  std::string_view container_prefix;  ///< prefix of a container's name, before the ID
  std::string_view pod_prefix;        ///< prefix of a pod's name, before the pod's ID (podman only)
};

/// Returns the home of that name if `requested` includes its containers; null for any other
/// directory.
const StandaloneHome* find_standalone_home(std::string_view directory, Standalone requested);

/// Parses the name of a container in `home` or in one of its pods; nothing for every other name.
std::optional<ContainerName> parse_standalone_name(std::string_view name,
                                                   const StandaloneHome& home);

/// Whether `name` is one of podman's own pods: a directory in `home` that holds containers.
bool is_standalone_pod(std::string_view name, const StandaloneHome& home);

/// Removes `suffix` from the end of `text`, or `prefix` from its start. Returns false, and changes
/// nothing, if it is not there.
bool take_suffix(std::string_view& text, std::string_view suffix);
bool take_prefix(std::string_view& text, std::string_view prefix);

}  // namespace iopslimit
