// SPDX-License-Identifier: Apache-2.0
// The result of a scan of the cgroup tree.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroup/path.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// A container found by the scan.
struct ListedContainer {
  ContainerPath path;
  RecordAnswer record;
};

struct Listing {
  std::vector<ListedContainer> containers = {};
  std::vector<std::string> kubepods = {};
  std::vector<ContainerPath> pods = {};
  std::vector<ContainerPath> unfamiliar = {};
  std::vector<std::pair<ContainerPath, std::string>> strays = {};  ///< container, and cgroup in it
  std::string users_container = {};  ///< the cgroup of one that a user's own runtime made
  bool whole = true;  ///< false: some directory could not be read, so there may be more
};

/// An index of a listing for lookups. It points into the listing.
struct ListingIndex {
  explicit ListingIndex(const Listing& listing);

  std::set<std::string_view> cgroups;
  std::set<std::string_view> pod_uids;
};

}  // namespace iopslimit
