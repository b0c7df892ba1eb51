// SPDX-License-Identifier: Apache-2.0
#include "limit/limit_files.hpp"

#include "limit/blkio_backend.hpp"
#include "limit/io_max_backend.hpp"

namespace iopslimit {

std::unique_ptr<LimitBackend> open_limit_files(const Hierarchy& tree) {
  if (tree.version == CgroupVersion::v2) return std::make_unique<IoMaxBackend>(tree.root);
  return std::make_unique<BlkioBackend>(tree.root);
}

}  // namespace iopslimit
