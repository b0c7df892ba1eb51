// SPDX-License-Identifier: Apache-2.0
// Tells from measured values what holds a container's I/O back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnosis/load.hpp"
#include "disk/devnum.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// The four values of a limit, and of a load.
struct LimitKey {
  std::string_view name;  ///< of the configuration's key
  std::uint64_t Limit::*limit;
  double Load::*rate;
  bool write;
  bool bytes;
};
inline constexpr std::array<LimitKey, 4> limit_keys{
    {{"read_iops", &Limit::read_iops, &Load::read_iops, false, false},
     {"write_iops", &Limit::write_iops, &Load::write_iops, true, false},
     {"read_bps", &Limit::read_bps, &Load::read_bps, false, true},
     {"write_bps", &Limit::write_bps, &Load::write_bps, true, true}}};

/// One value of a container's limit on one device, and what it used of it, second by second.
struct KeyUse {
  Devnum device;
  std::size_t key = 0;                ///< in limit_keys
  std::uint64_t configured = 0;       ///< 0 = unlimited
  std::vector<double> rates;          ///< per second
  std::vector<std::uint64_t> limits;  ///< in force in that second; 0 = unlimited
};

/// Who did how much I/O.
struct User {
  std::string name;
  double iops = 0;
};

/// A disk whose I/O is limited, over the whole sample.
struct DiskUse {
  Devnum device;
  std::string name;  ///< "nvme0n1", or its number
  double iops = 0;   ///< of everybody
  double busy = 0;   ///< share of time in which it had a request
  /// The mean time of a request at the disk. What io.max holds back is not yet a request. Nothing
  /// if none was completed.
  std::optional<double> wait_msec;
  bool hangs = false;       ///< it has requests and completed none
  double pods_iops = 0;     ///< of all pods
  std::vector<User> users;  ///< the biggest, first
};

/// What all pods did in one direction on a disk that has a total.
struct TotalUse {
  Devnum device;
  bool write = false;
  double used = 0;          ///< IOPS
  std::uint64_t total = 0;  ///< IOPS
  std::vector<User> users;  ///< the biggest, first
};

/// What all pods and the disks did during the sample.
struct NodeUse {
  std::vector<DiskUse> disks;
  std::vector<TotalUse> totals;
};

/// What one container did during the sample.
struct ContainerUse {
  double seconds = 0;             ///< for which it was there
  std::vector<Load> loads;        ///< one for each second, on the limited disks
  std::optional<double> stalled;  ///< see Load::stalled
  std::vector<KeyUse> keys;
  std::map<Devnum, Load> on;                      ///< on each limited disk
  std::vector<std::pair<Devnum, double>> others;  ///< IOPS on other devices, the most first
};

/// In the order of what to tell first of a pod.
enum class Cause { own_limit, total, disk, other_storage, cannot_tell, own_pace, not_io };
inline constexpr std::array<std::pair<Cause, std::string_view>, 7> cause_words{
    {{Cause::own_limit, "own_limit"},
     {Cause::total, "total"},
     {Cause::disk, "disk"},
     {Cause::other_storage, "other_storage"},
     {Cause::cannot_tell, "cannot_tell"},
     {Cause::own_pace, "own_pace"},
     {Cause::not_io, "not_io"}}};

/// How the limit in force differs from the configured one where the container is held.
enum class Held { configured, cut, borrowed };

struct Finding {
  Cause cause = Cause::cannot_tell;
  Held held = Held::configured;
  const KeyUse* key = nullptr;      ///< the limit that it is nearest to; null without a limit
  std::size_t at_limit = 0;         ///< seconds in which it was at that limit
  const TotalUse* total = nullptr;  ///< the total that is nearest to its end; null without one
  const DiskUse* disk = nullptr;    ///< the disk that answers slowest to it; null without disks
};

/// The rules are in docs/why.md. The result points into the arguments.
Finding judge(const ContainerUse& measured, const NodeUse& node);

/// A use of 1 is all of it.
double use_of(const KeyUse& use);
double use_of(const TotalUse& use);

/// It answers slowly and has no pause. A fast disk is busy too when it gets one request at a time.
bool is_slow(const DiskUse& disk);

/// True for the causes from outside of the container.
bool holds_back(Cause cause);

}  // namespace iopslimit
