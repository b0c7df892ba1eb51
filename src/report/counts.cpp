// SPDX-License-Identifier: Apache-2.0
#include "report/counts.hpp"

namespace iopslimit {

Counts& Counts::operator+=(const Counts& other) {
  limited += other.limited;
  exempt += other.exempt;
  failed += other.failed;
  left_alone += other.left_alone;
  return *this;
}

}  // namespace iopslimit
