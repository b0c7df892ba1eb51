// SPDX-License-Identifier: Apache-2.0
// The two versions of the cgroup interface (cgroups(7)).
#pragma once

namespace iopslimit {

/// `automatic` is a request of the configuration; a hierarchy that was found is v1 or v2.
enum class CgroupVersion { automatic, v1, v2 };

}  // namespace iopslimit
