// SPDX-License-Identifier: Apache-2.0
#include "diagnosis/load.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

// A counter that went backwards belongs to a new cgroup of the same name: no load.
double per_second(std::uint64_t before, std::uint64_t after, double seconds) {
  return after < before ? 0 : static_cast<double>(after - before) / seconds;
}

Load difference(const IoCount& before, const IoCount& after, double seconds) {
  return {.read_iops = per_second(before.read_ios, after.read_ios, seconds),
          .write_iops = per_second(before.write_ios, after.write_ios, seconds),
          .read_bps = per_second(before.read_bytes, after.read_bytes, seconds),
          .write_bps = per_second(before.write_bytes, after.write_bytes, seconds)};
}

double use_of(const Load& load, const Limit& limit) {
  return std::max(
      {part_of(load.read_iops, limit.read_iops), part_of(load.write_iops, limit.write_iops),
       part_of(load.read_bps, limit.read_bps), part_of(load.write_bps, limit.write_bps)});
}

void add(Load& sum, const Load& load) {
  sum.read_iops += load.read_iops;
  sum.write_iops += load.write_iops;
  sum.read_bps += load.read_bps;
  sum.write_bps += load.write_bps;
}

}  // namespace

double part_of(double rate, std::uint64_t limit) {
  return limit == 0 ? 0 : rate / static_cast<double>(limit);
}

std::optional<Load> load_on(const std::string& cgroup, Devnum device, const IoSample& before,
                            const IoSample& after) {
  const auto was = before.of.find(cgroup);
  const auto is = after.of.find(cgroup);
  const double seconds = std::chrono::duration<double>(after.taken - before.taken).count();
  if (was == before.of.end() || is == after.of.end() || seconds <= 0) return std::nullopt;
  return difference(count_on(was->second.counts, device), count_on(is->second.counts, device),
                    seconds);
}

std::optional<Load> load_of(const WorkloadView& container, const std::vector<Devnum>& devices,
                            const IoSample& before, const IoSample& after) {
  const std::string& cgroup = container.path.cgroup;
  const auto was = before.of.find(cgroup);
  const auto is = after.of.find(cgroup);
  const double seconds = std::chrono::duration<double>(after.taken - before.taken).count();
  if (was == before.of.end() || is == after.of.end() || seconds <= 0) return std::nullopt;
  Load sum;
  for (const Rule& rule : container.rules) {
    const Load load = *load_on(cgroup, rule.device, before, after);
    add(sum, load);
    sum.use = std::max(sum.use.value_or(0), use_of(load, rule.limit));
  }
  if (container.rules.empty()) {
    for (const Devnum device : devices) add(sum, *load_on(cgroup, device, before, after));
  }
  if (was->second.stalled_usec && is->second.stalled_usec) {
    constexpr double usec = 1e6;
    const double stalled =
        per_second(*was->second.stalled_usec, *is->second.stalled_usec, seconds) / usec;
    sum.stalled = std::min(stalled, 1.0);
  }
  return sum;
}

}  // namespace iopslimit
