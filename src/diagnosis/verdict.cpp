// SPDX-License-Identifier: Apache-2.0
#include "diagnosis/verdict.hpp"

#include <algorithm>

#include "share/demand.hpp"

namespace iopslimit {
namespace {

constexpr double whole_part = 0.95;  // who uses this part of a limit is at it
constexpr double total_part = 0.9;   // the same for what all pods share
constexpr double waits_from = 0.1;   // less waiting than this is not worth a word
constexpr double busy_from = 0.9;
constexpr double slow_from_msec = 5;
constexpr double little_use = 0.1;
// The I/O of a container must have been at the disk for this part of the time in which it waited,
// or it waited for something else.
constexpr double explained_part = 0.1;

double use_in(const KeyUse& use, std::size_t second) {
  return part_of(use.rates[second], use.limits[second]);
}

bool is_cut(const KeyUse& use, std::size_t second) {
  const std::uint64_t limit = use.limits[second];
  return limit != 0 && (use.configured == 0 || limit < use.configured);
}

// The service cuts only those that it found held back by their limit (share/demand.hpp).
bool is_at_limit(const KeyUse& use, std::size_t second, bool waits) {
  const bool wants_more = waits || is_cut(use, second);
  return use_in(use, second) >= (wants_more ? hungry_part : whole_part);
}

std::size_t seconds_at_limit(const KeyUse& use, bool waits) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < use.rates.size(); ++at) count += is_at_limit(use, at, waits);
  return count;
}

Held held_by(const KeyUse& use) {
  std::size_t cut = 0;
  for (std::size_t at = 0; at < use.rates.size(); ++at) cut += is_cut(use, at);
  if (2 * cut > use.rates.size()) return Held::cut;
  const bool borrows = use.configured != 0 && use.limits.back() > use.configured;
  return borrows ? Held::borrowed : Held::configured;
}

double ios_on(const ContainerUse& measured, Devnum device) {
  const auto found = measured.on.find(device);
  return found == measured.on.end() ? 0 : found->second.iops();
}

bool does_any_of(const ContainerUse& measured, const TotalUse& total) {
  const auto found = measured.on.find(total.device);
  if (found == measured.on.end()) return false;
  return (total.write ? found->second.write_iops : found->second.read_iops) > 0;
}

// By Little's law the mean number of its requests at the disk.
double requests_at(const DiskUse& disk, const ContainerUse& measured) {
  constexpr double msec = 1000;
  return ios_on(measured, disk.device) * disk.wait_msec.value_or(0) / msec;
}

// Fills in what the finding points to.
Finding nearest(const ContainerUse& measured, const NodeUse& node, bool waits) {
  Finding finding;
  for (const KeyUse& use : measured.keys) {
    const std::size_t count = seconds_at_limit(use, waits);
    const bool nearer = finding.key == nullptr || count > finding.at_limit ||
                        (count == finding.at_limit && use_of(use) > use_of(*finding.key));
    if (!nearer) continue;
    finding.key = &use;
    finding.at_limit = count;
  }
  for (const TotalUse& total : node.totals) {
    if (!does_any_of(measured, total)) continue;
    if (finding.total == nullptr || use_of(total) > use_of(*finding.total)) finding.total = &total;
  }
  for (const DiskUse& disk : node.disks) {
    const auto rank = [&](const DiskUse& one) {
      return std::pair(is_slow(one), requests_at(one, measured));
    };
    if (finding.disk == nullptr || rank(disk) > rank(*finding.disk)) finding.disk = &disk;
  }
  return finding;
}

bool is_used_up(const TotalUse* total) {
  return total != nullptr && use_of(*total) >= total_part;
}

Cause cause_at_limit(Held held, const TotalUse* total) {
  if (held == Held::cut) return Cause::total;
  return held == Held::borrowed && is_used_up(total) ? Cause::total : Cause::own_limit;
}

Cause cause_of_waiting(const Finding& finding, const ContainerUse& measured, const NodeUse& node) {
  if (is_used_up(finding.total)) return Cause::total;
  double ios = 0;
  double requests = 0;
  for (const DiskUse& disk : node.disks) {
    ios += ios_on(measured, disk.device);
    requests += requests_at(disk, measured);
  }
  const bool explained = requests >= explained_part * *measured.stalled;
  if (finding.disk != nullptr && is_slow(*finding.disk) && (finding.disk->hangs || explained))
    return Cause::disk;
  const double elsewhere = measured.others.empty() ? 0 : measured.others.front().second;
  const double use = finding.key == nullptr ? 0 : use_of(*finding.key);
  if (use < little_use && (!explained || elsewhere > ios)) return Cause::other_storage;
  return Cause::own_pace;
}

}  // namespace

Finding judge(const ContainerUse& measured, const NodeUse& node) {
  const bool waits = measured.stalled.value_or(0) >= waits_from;
  Finding finding = nearest(measured, node, waits);
  if (measured.loads.empty()) return finding;
  if (finding.key != nullptr && 2 * finding.at_limit > measured.loads.size()) {
    finding.held = held_by(*finding.key);
    finding.cause = cause_at_limit(finding.held, finding.total);
  } else if (measured.stalled) {
    finding.cause = waits ? cause_of_waiting(finding, measured, node) : Cause::not_io;
  }
  return finding;
}

double use_of(const KeyUse& use) {
  double sum = 0;
  for (std::size_t at = 0; at < use.rates.size(); ++at) sum += use_in(use, at);
  return use.rates.empty() ? 0 : sum / static_cast<double>(use.rates.size());
}

double use_of(const TotalUse& use) {
  return part_of(use.used, use.total);
}

bool is_slow(const DiskUse& disk) {
  return disk.busy >= busy_from && (disk.hangs || disk.wait_msec.value_or(0) >= slow_from_msec);
}

bool holds_back(Cause cause) {
  return cause < Cause::cannot_tell;
}

}  // namespace iopslimit
