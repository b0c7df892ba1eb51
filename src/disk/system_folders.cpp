// SPDX-License-Identifier: Apache-2.0
#include "disk/system_folders.hpp"

namespace iopslimit {

std::vector<std::string> system_folders(const std::vector<std::string>& more) {
  std::vector<std::string> folders{"/",
                                   "/var/lib/kubelet",
                                   "/var/lib/containerd",
                                   "/var/lib/containers",
                                   "/var/lib/docker",
                                   "/var/lib/rancher",
                                   "/var/snap/microk8s"};
  folders.insert(folders.end(), more.begin(), more.end());
  return folders;
}

}  // namespace iopslimit
