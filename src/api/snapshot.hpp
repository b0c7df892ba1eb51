// SPDX-License-Identifier: Apache-2.0
// Everything that the service can show at one moment, as plain values: the bus returns it and
// iopsctl prints it. Times are seconds since the epoch, 0 = never.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "disk/devnum.hpp"
#include "limit/limit.hpp"
#include "limit/rule.hpp"

namespace iopslimit {

enum class DeviceState {
  limited,  ///< its devices are known, containers get rules on them
  waiting,  ///< not mounted: the service waits for it, this is no error
  refused,  ///< mounted, but cannot or must not carry rules: the operator must act
};
inline constexpr std::array<std::pair<DeviceState, std::string_view>, 3> device_state_words{
    {{DeviceState::limited, "limited"},
     {DeviceState::waiting, "waiting"},
     {DeviceState::refused, "refused"}}};

/// One data mount.
struct DeviceView {
  std::string name;  ///< NAME of [device NAME]; empty for [device]
  std::string mount;
  DeviceState state = DeviceState::waiting;
  std::string text;             ///< the chain down to the disks, or why it could not be resolved
  std::vector<Devnum> devices;  ///< the devices that carry its rules
  std::vector<std::string> cautions;
  std::uint64_t total_iops = 0;  ///< of all pods together, each direction; 0 = no total
  Limit used;                    ///< the sum of the limited containers' limits
  Limit lent;                    ///< IOPS above, and below, the configured limits, summed up
  Limit cut;
  bool operator==(const DeviceView&) const = default;
};

/// What the service does to share the disks.
enum class ShareState {
  off,       ///< no disk has a total that is shared
  asleep,    ///< nobody has to wait: every limit is the configured one
  sharing,   ///< limits follow what the containers do
  recalled,  ///< the counters cannot be read: every limit is the configured one
};
inline constexpr std::array<std::pair<ShareState, std::string_view>, 4> share_state_words{
    {{ShareState::off, "off"},
     {ShareState::asleep, "asleep"},
     {ShareState::sharing, "sharing"},
     {ShareState::recalled, "recalled"}}};

struct ShareView {
  ShareState state = ShareState::off;
  std::uint64_t grants = 0;             ///< limits raised to share a disk
  std::uint64_t recalls = 0;            ///< limits lowered to share a disk
  std::uint64_t changed = 0;            ///< containers whose limit differs from the configured one
  std::uint64_t below_msec = 0;         ///< in which busy containers were below it, summed up
  std::uint64_t worst_recall_usec = 0;  ///< the slowest recall since the start
  bool operator==(const ShareView&) const = default;
};

/// The current state of a container.
enum class State {
  limited,
  pending,  ///< will be limited as soon as there is a disk
  exempt,
  sandbox,  ///< the pod's sandbox: pause, or with gVisor or Kata all that runs in the pod
  failed,   ///< should be limited, but the kernel rejected the limit
  paused,   ///< will be limited again at `paused_until`
};
inline constexpr std::array<std::pair<State, std::string_view>, 6> state_words{
    {{State::limited, "limited"},
     {State::pending, "pending"},
     {State::exempt, "exempt"},
     {State::sandbox, "sandbox"},
     {State::failed, "failed"},
     {State::paused, "paused"}}};

/// The word that users see for an enumerator; empty if the table has none.
template <class Enum, std::size_t size>
constexpr std::string_view word_of(
    Enum one, const std::array<std::pair<Enum, std::string_view>, size>& words) {
  for (const auto& entry : words) {
    if (entry.first == one) return entry.second;
  }
  return {};
}

/// A container, or with scope = pod a pod as a whole (its path has no id).
struct WorkloadView {
  ContainerPath path;
  std::string name;
  std::string image;
  std::string pod;
  std::string pod_namespace;
  State state = State::pending;
  std::uint64_t paused_until = 0;
  std::vector<Rule> rules;  ///< what the kernel should hold
  /// The configured limits, in the order of `rules`, where sharing makes them differ; else empty.
  std::vector<Rule> configured = {};
  /// IOPS of its limit that it leaves to others now, on all disks.
  std::uint64_t lends_read_iops = 0;
  std::uint64_t lends_write_iops = 0;
  /// How long it was at its limit since the service began to count, by direction, and in the last
  /// 24 hours in either direction; milliseconds.
  std::uint64_t at_limit_read_msec = 0;
  std::uint64_t at_limit_write_msec = 0;
  std::uint64_t at_limit_day_msec = 0;
  std::string reason;  ///< see Decision::reason
  std::string error;   ///< why it failed
  bool empty = false;  ///< no process is in it; only iopsctl looks, the bus does not tell
  bool operator==(const WorkloadView&) const = default;
};

/// The configured limits of a container: `configured` where it is what it should be, else `rules`.
const std::vector<Rule>& guarantees_of(const WorkloadView& container);

/// A kubepods directory and the total it carries.
struct TotalView {
  std::string cgroup;
  std::vector<Rule> rules;
  bool operator==(const TotalView&) const = default;
};

struct Snapshot {
  std::string version;
  std::string cgroup_version = "v2";
  std::string hierarchy;  ///< "cgroup v2 at /sys/fs/cgroup"; empty if the service does not run
  LimitScope scope = LimitScope::container;
  bool dry_run = false;
  std::uint64_t since = 0;
  std::uint64_t last_reload = 0;
  bool reload_refused = false;  ///< the last reload found errors; the old configuration stays
  bool cleared = false;         ///< an operator removed every limit, until the next reload or start
  std::uint64_t repaired = 0;   ///< rules restored after another process had changed them
  std::uint64_t writes = 0;     ///< rules written
  std::uint64_t errors = 0;     ///< rules that the kernel rejected
  /// Cgroups that look as if they had to be limited and are not (control/left_alone).
  std::uint64_t left_alone = 0;
  std::uint64_t lines_dropped = 0;    ///< lines of the log that nobody took in time
  std::vector<std::string> problems;  ///< what keeps the service from seeing the node as it is
  std::string runtime_socket;         ///< what it is asked, and whether it answers
  std::string last_error;
  std::uint64_t last_error_at = 0;
  ShareView sharing;
  std::vector<DeviceView> devices;
  std::vector<TotalView> totals;
  std::vector<WorkloadView> containers;
  bool operator==(const Snapshot&) const = default;

  std::size_t count(State state) const;
  /// One text for each data mount without rules: "/data is not mounted: ...".
  std::vector<std::string> waiting() const;
};

/// The number of containers in each state, in the order of `state_words`.
using StateCounts = std::array<std::uint64_t, state_words.size()>;

/// A snapshot without its containers, and their counts: enough for everything but a list of them.
struct Summary {
  Snapshot snapshot;
  StateCounts counts{};
};
Summary summary_of(Snapshot snapshot);

/// The devices that carry rules, each once.
std::vector<Devnum> devices_of(const Snapshot& snapshot);

/// All containers of one pod.
struct PodView {
  std::string uid;
  std::string pod;
  std::string pod_namespace;
  QosClass qos = QosClass::none;
  std::string cgroup;
  StateCounts counts{};                         ///< of its containers
  std::vector<const WorkloadView*> containers;  ///< of pods_of(): point into the snapshot
};

/// Pods that are found container by container.
class PodTable {
 public:
  /// The pod of the container; null outside of pods.
  PodView* add(const WorkloadView& container);
  /// By namespace and name. They stay in the table.
  std::vector<PodView*> sorted();

 private:
  std::map<std::string, PodView> by_uid_;
};

/// The pods, sorted by namespace and name. Containers outside of pods are left out.
std::vector<PodView> pods_of(const std::vector<WorkloadView>& containers);

/// "shop/db-0/db" for a container, "shop/db-0" for a pod as a whole. Contains the parts that are
/// known; if none is, returns the start of the id or uid.
std::string shown_name(const WorkloadView& container);

}  // namespace iopslimit
