// SPDX-License-Identifier: Apache-2.0
// Divides the IOPS of one device, in one direction, among those that use it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace iopslimit {

/// What one container asks for. All values are IOPS but the weight.
struct Claim {
  std::uint64_t guarantee = 0;  ///< its configured limit; at least 2
  std::uint64_t ceiling = 0;    ///< the most it may get; its guarantee unless it borrows
  std::uint64_t weight = 1;  ///< its part in what is divided, compared with the others'; at least 1
  bool hungry = false;       ///< it uses all that it has
  /// What must stay free for it, at most its guarantee: all of it for one that is hungry or has
  /// just woken up, else what it uses and a little more.
  std::uint64_t need = 0;
  /// What it would use: its ceiling if it is hungry, else what it uses and a little more.
  std::uint64_t demand = 0;
};

/// The minimum limit of a container, whatever the division yields: with less it could not even exit
/// in reasonable time.
inline constexpr std::uint64_t least_iops = 10;

/// Returns the limit of each claim.
///
/// If the needs fit into `capacity`, nobody gets less than its guarantee, and what the needs leave
/// is lent to those that may exceed it: their limits are in proportion to their weights, except
/// that none is below the guarantee or above ceiling and demand.
///
/// If they do not fit, the demands up to the guarantees are what counts. While these fit as well,
/// or the total is not used up (`tight` is false), everybody has its guarantee. Otherwise those
/// that ask for more than their part by weight (max-min fairness) are cut to it, and all others
/// keep their guarantee: they do not use it.
///
/// The result does not depend on the order of the claims.
std::vector<std::uint64_t> divide(std::span<const Claim> claims, std::uint64_t capacity,
                                  bool tight);

}  // namespace iopslimit
