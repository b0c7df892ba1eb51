// SPDX-License-Identifier: Apache-2.0
// Shows what a reload would change.
#pragma once

#include <cstddef>

#include "api/preview_view.hpp"
#include "iopsctl/screens.hpp"

namespace iopslimit {

/// Lists at most so many containers, and no sandboxes.
Lines preview_screen(const PreviewView& view, std::size_t most, const Style& style);

}  // namespace iopslimit
