// SPDX-License-Identifier: Apache-2.0
// Metrics as a file for the textfile collector of Prometheus' node_exporter.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <system_error>
#include <vector>

namespace iopslimit {

/// Replaces the file whole, readable by everybody: node_exporter is somebody else, and the umask
/// of the service lets nobody in.
[[nodiscard]] std::error_code write_metrics(const std::string& path,
                                            const std::vector<prometheus::MetricFamily>& families);

/// Nobody shall read what is no longer written. A file that is not there is no error.
void remove_metrics(const std::string& path);

/// What an operator can do about an error of write_metrics(); empty when the error says it all.
std::string metrics_hint(std::error_code error);

}  // namespace iopslimit
