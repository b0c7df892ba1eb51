// SPDX-License-Identifier: Apache-2.0
#include "control/allocator.hpp"

#include "control/shared_total.hpp"

namespace iopslimit {

std::unique_ptr<Allocator> make_allocator(const Capabilities& capabilities) {
  if (capabilities.hierarchical) return std::make_unique<FixedAllocator>();
  return std::make_unique<SharedTotal>();
}

}  // namespace iopslimit
