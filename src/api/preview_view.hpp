// SPDX-License-Identifier: Apache-2.0
// What a reload of the configuration would change, as plain values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "api/snapshot_fields.hpp"
#include "config/difference.hpp"

namespace iopslimit {

/// A data mount. A side without a mount: the section is not there.
struct DeviceChange {
  struct Side {
    std::string mount = {};
    DeviceState state = DeviceState::waiting;
    std::string text = {};  ///< as DeviceView::text
    std::vector<Devnum> devices = {};
    std::uint64_t total_iops = 0;
    bool operator==(const Side&) const = default;
  };
  std::string name;  ///< NAME of [device NAME]; empty for [device]
  Side before;
  Side after;
  bool operator==(const DeviceChange&) const = default;
};

/// A container, or with scope = pod a pod as a whole.
struct WorkloadChange {
  /// What `list` shows of it. `rules` are the configured limits (the guarantees).
  struct Side {
    bool seen = true;  ///< false: it has no limit of its own and is not listed
    State state = State::pending;
    std::vector<Rule> rules = {};
    std::string sharing = {};  ///< "lend, ceiling 2000 IOPS, weight 200"; empty for the defaults
    std::string reason = {};
    bool operator==(const Side&) const = default;
  };
  std::string id;
  std::string name;
  std::string pod;
  std::string pod_namespace;
  std::string pod_uid;
  std::string cgroup;
  Side before;
  Side after;
  bool operator==(const WorkloadChange&) const = default;
};

struct PreviewView {
  std::vector<std::string> notes;  ///< what else would change, one sentence each
  std::vector<KeyChange> keys;
  std::vector<DeviceChange> devices;
  std::vector<WorkloadChange> workloads;
  bool operator==(const PreviewView&) const = default;

  bool empty() const {
    return notes.empty() && keys.empty() && devices.empty() && workloads.empty();
  }
};

/// One dictionary for each change. "kind" says which: "note", "setting", "device" or "container".
/// Values that have two sides have names that end in _before and _after.
std::vector<Fields> fields_of(const PreviewView& view);
Fields fields_of(const KeyChange& change);
Fields fields_of(const DeviceChange& change);
Fields fields_of(const WorkloadChange& change);

/// Adds one change to the view. A kind that is not known is skipped.
void read_fields(const Fields& fields, PreviewView& view);

}  // namespace iopslimit
