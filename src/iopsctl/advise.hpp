// SPDX-License-Identifier: Apache-2.0
// Shows which limits the workloads need: `iopsctl advise`.
#pragma once

#include <string>
#include <vector>

#include "advice/advice.hpp"
#include "iopsctl/screens.hpp"

namespace iopslimit {

/// Those that `name` means: a part of NAMESPACE/WORKLOAD/CONTAINER from the namespace or from the
/// workload on, a container, or a pod of the workload. All for an empty name.
std::vector<Advice> advice_named(const std::vector<Advice>& all, const std::string& name);

Lines advise_screen(const std::vector<Advice>& all, const Style& style);

/// Sections for conf.d, with the evidence as comments, of those that were observed for a day. An
/// exempt workload has none.
Lines advise_ini(const std::vector<Advice>& all);

}  // namespace iopslimit
