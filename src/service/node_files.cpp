// SPDX-License-Identifier: Apache-2.0
#include "service/node_files.hpp"

#include <utility>

#include "metrics/node_features.hpp"

namespace iopslimit {

NodeFiles::NodeFiles(EventLoop& loop, const Hierarchy& tree, MetricsExporter::Needs needs)
    : needs_(std::move(needs)),
      metrics_(loop, tree, needs_),
      features_(loop, {.what = "the node's features",
                       .begin = in_one_piece(
                           [this] { return node_features(needs_.summary().snapshot, blocks_); }),
                       .announce = needs_.announce}) {}

void NodeFiles::write(const Config& config) {
  metrics_.write_to(config.metrics);
  features_.write_to(config.features);
}

}  // namespace iopslimit
