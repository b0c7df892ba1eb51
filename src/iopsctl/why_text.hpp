// SPDX-License-Identifier: Apache-2.0
// Says what holds a container's I/O back, and why that is so.
#pragma once

#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "diagnosis/verdict.hpp"

namespace iopslimit {

/// What `why` found out about one container.
struct Explanation {
  const WorkloadView* container = nullptr;
  ContainerUse measured;
  Finding finding;
  std::string elsewhere;  ///< the name of the first of ContainerUse::others
  bool ended = false;     ///< it was not there for most of the sample
};

/// The verdict with its numbers, then the evidence, and what to do where something can be done.
/// Printable.
std::vector<std::string> sentences(const Explanation& one);

}  // namespace iopslimit
