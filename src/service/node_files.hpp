// SPDX-License-Identifier: Apache-2.0
// The files that other programs of the node read: the metrics, and the features of the node.
#pragma once

#include "config/config.hpp"
#include "disk/block_devices.hpp"
#include "metrics/exporter.hpp"
#include "metrics/textfile.hpp"

namespace iopslimit {

class NodeFiles {
 public:
  /// Writes nothing before write().
  NodeFiles(EventLoop& loop, const Hierarchy& tree, MetricsExporter::Needs needs);

  /// Writes the files that the configuration names, now and from now on.
  void write(const Config& config);
  MetricsExporter& metrics() { return metrics_; }

 private:
  MetricsExporter::Needs needs_;
  MetricsExporter metrics_;
  BlockDevices blocks_;
  TextFile features_;
};

}  // namespace iopslimit
