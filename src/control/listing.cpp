// SPDX-License-Identifier: Apache-2.0
#include "control/listing.hpp"

namespace iopslimit {

ListingIndex::ListingIndex(const Listing& listing)
    : cgroups(listing.kubepods.begin(), listing.kubepods.end()) {
  for (const ListedContainer& sighting : listing.containers) cgroups.insert(sighting.path.cgroup);
  for (const ContainerPath& pod : listing.pods) {
    cgroups.insert(pod.cgroup);
    pod_uids.insert(pod.pod_uid);
  }
}

}  // namespace iopslimit
