// SPDX-License-Identifier: Apache-2.0
// The metric families for Prometheus as values: names, help texts, labels. packaging/ and
// docs/metrics.md use these names; a test compares them.
#pragma once

#include "metrics/family.hpp"
#include "metrics/measured.hpp"

namespace iopslimit {

/// The families of the service, the disks and the pods together: all but those of the next
/// function.
Families node_metrics(const Measured& measured);
/// Those of each container and of the advice about each, which may come in pieces: the families are
/// always the same, in the same order.
Families container_metrics(const Measured& measured);
/// Every family, in a fixed order; a family without values has no metric. No two metrics of a
/// family have the same labels. Label values are valid UTF-8 without control characters, whatever a
/// pod's author wrote. Pod sandboxes are counted but not listed.
Families metrics_of(const Measured& measured);

}  // namespace iopslimit
