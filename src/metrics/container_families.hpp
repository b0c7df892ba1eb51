// SPDX-License-Identifier: Apache-2.0
// The metric families of the containers, and of what their workloads need.
#pragma once

#include "metrics/family.hpp"
#include "metrics/measured.hpp"

namespace iopslimit {

void add_containers(Families& families, const Measured& measured);
void add_advice(Families& families, const Measured& measured);

}  // namespace iopslimit
