// SPDX-License-Identifier: Apache-2.0
#include "control/target.hpp"

namespace iopslimit {

Limit Target::limit(const std::vector<Limit>& limits) const {
  Limit strictest;
  for (const Use& use : uses) {
    if (use.mount < limits.size())
      strictest = stricter(strictest, part_of(limits[use.mount], use.divisor));
  }
  return strictest;
}

}  // namespace iopslimit
