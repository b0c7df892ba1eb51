// SPDX-License-Identifier: Apache-2.0
// The metric families for Prometheus as values: names, help texts, labels. packaging/ and
// docs/metrics.md use these names; a test compares them.
#pragma once

#include "metrics/family.hpp"
#include "metrics/measured.hpp"

namespace iopslimit {

/// Every family, in a fixed order; a family without values has no metric. No two metrics of a
/// family have the same labels. Label values are valid UTF-8 without control characters, whatever a
/// pod's author wrote. Pod sandboxes are counted but not listed.
Families metrics_of(const Measured& measured);

}  // namespace iopslimit
