// SPDX-License-Identifier: Apache-2.0
// What the node tells the cluster's scheduler, in the format of node-feature-discovery's local
// source.
#pragma once

#include <functional>
#include <string>

#include "api/snapshot.hpp"
#include "disk/block_devices.hpp"
#include "disk/devnum.hpp"

namespace iopslimit {

/// One feature for each line, none of which becomes a label by itself ("# +no-label"): the total,
/// the sum of the limited containers' limits, and the disk's model (`model_of`; may be empty) of
/// each data mount that carries limits. The features of [device NAME] begin with "NAME.". Without a
/// feature while no limit is in force: in a dry run, and after `iopsctl clear`.
std::string node_features(const Snapshot& snapshot,
                          const std::function<std::string(Devnum)>& model_of);

/// The same, where the model is that of the first disk below the device. Throws std::system_error
/// when that cannot be found out.
std::string node_features(const Snapshot& snapshot, const BlockDevices& devices);

}  // namespace iopslimit
