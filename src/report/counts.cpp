// SPDX-License-Identifier: Apache-2.0
#include "report/counts.hpp"

namespace iopslimit {

Counts& Counts::operator+=(const Counts& other) {
  limited += other.limited;
  exempt += other.exempt;
  failed += other.failed;
  return *this;
}

}  // namespace iopslimit
