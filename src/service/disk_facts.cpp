// SPDX-License-Identifier: Apache-2.0
#include "service/disk_facts.hpp"

#include <string>
#include <vector>

#include "disk/system_folders.hpp"

namespace iopslimit {

DiskFacts find_disks(const MountResolver& resolver, const Config& config, const Targets& targets) {
  DiskFacts facts;
  std::vector<std::string> mounts;
  for (const DataMount& one : config.data_mounts()) mounts.push_back(one.mount);
  facts.mounts = resolver.find(mounts);
  facts.system_mounts = resolver.system_mounts(system_folders(config.state_folders));
  for (const Target& target : targets) {
    const Devnum devnum = target.device.devnum;
    facts.identities[devnum] = resolver.identity_of(devnum);
  }
  return facts;
}

}  // namespace iopslimit
