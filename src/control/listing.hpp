// SPDX-License-Identifier: Apache-2.0
// Everything a listing of the cgroup tree found.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/path.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// A container as a listing finds it.
struct ListedContainer {
  ContainerPath path;
  RecordAnswer record;
};

struct Listing {
  std::vector<ListedContainer> containers = {};
  std::vector<std::string> kubepods = {};
  std::vector<ContainerPath> pods = {};
  bool whole = true;  ///< false: some directory could not be read, there may be more
};

/// What a listing shows, for lookups. Refers to the listing.
struct ListingIndex {
  explicit ListingIndex(const Listing& listing);

  std::set<std::string_view> cgroups;
  std::set<std::string_view> pod_uids;
};

}  // namespace iopslimit
