// SPDX-License-Identifier: Apache-2.0
// Writes metrics to a file for the textfile collector of Prometheus' node_exporter.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <system_error>
#include <vector>

namespace iopslimit {

/// Replaces the whole file and makes it readable by everybody: node_exporter runs as another user,
/// and the umask of the service would deny it access.
[[nodiscard]] std::error_code write_metrics(const std::string& path,
                                            const std::vector<prometheus::MetricFamily>& families);

/// Removes the file, so that nobody reads metrics that are no longer updated. A missing file is no
/// error.
void remove_metrics(const std::string& path);

/// Advice to the operator for an error of write_metrics(); empty if the error needs none.
std::string metrics_hint(std::error_code error);

}  // namespace iopslimit
