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

// Those of the first mount: with several on one device there is no right answer, and the first is
// [device], which most containers use.
ShareTerms Target::terms(const std::vector<ShareTerms>& terms) const {
  if (uses.empty() || uses.front().mount >= terms.size()) return {};
  ShareTerms own = terms[uses.front().mount];
  own.ceiling_iops = part_of(symmetric(own.ceiling_iops), uses.front().divisor).read_iops;
  return own;
}

}  // namespace iopslimit
