// SPDX-License-Identifier: Apache-2.0
#include "metrics/container_families.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace iopslimit {
namespace {

using namespace metric_family;

struct ContainerFamilies {
  MetricFamily state = gauge("iopslimit_container_state",
                             "Always 1; what the container is now: limited, pending, exempt, "
                             "failed or paused.");
  MetricFamily iops = gauge("iopslimit_container_limit_iops", "Its limit that is in force.");
  MetricFamily bps =
      gauge("iopslimit_container_limit_bytes_per_second", "Its limit that is in force.");
  MetricFamily guarantee =
      gauge("iopslimit_container_guarantee_iops",
            "Its configured limit, where sharing makes the limit in force another one.");
  MetricFamily ios = counter("iopslimit_container_ios_total",
                             "I/Os that the kernel counted for it; rate() of this is its IOPS.");
  MetricFamily bytes =
      counter("iopslimit_container_bytes_total", "Bytes that the kernel counted for it.");
  MetricFamily stalled =
      counter("iopslimit_container_io_stalled_seconds_total",
              "Time in which something in it waited for I/O, limited or not (some, of "
              "io.pressure; cgroup v2).");
  MetricFamily at_limit = counter("iopslimit_container_at_limit_seconds_total",
                                  "Time in which it used up its limit; a container outside of pods "
                                  "has none.");
};

// The id makes the labels unique: names may be unknown, and a container may have the same names as
// its successor.
Labels labels_of(const WorkloadView& one) {
  return {label("namespace", one.pod_namespace), label("pod", one.pod),
          label("container", one.name),
          label("id", one.path.id.empty() ? one.path.pod_uid : one.path.id)};
}

void put_count(ContainerFamilies& to, const Labels& labels, const IoCount& count) {
  const Labels read = labels + label("direction", "read");
  const Labels write = labels + label("direction", "write");
  put(to.ios, read, count.read_ios);
  put(to.ios, write, count.write_ios);
  put(to.bytes, read, count.read_bytes);
  put(to.bytes, write, count.write_bytes);
}

void put_guarantees(MetricFamily& family, const Measured& measured, const WorkloadView& one) {
  if (one.configured.size() != one.rules.size()) return;
  for (std::size_t i = 0; i < one.rules.size(); ++i) {
    const auto& [device, own] = one.configured[i];
    const Limit& now = one.rules[i].limit;
    put_limits(family, labels_of(one) + device_label(measured, device),
               own.read_iops == now.read_iops ? 0 : own.read_iops,
               own.write_iops == now.write_iops ? 0 : own.write_iops);
  }
}

bool has_rule_on(const WorkloadView& one, Devnum device) {
  return std::ranges::find(one.rules, device, &Rule::device) != one.rules.end();
}

// The kernel has no line for a device before the first I/O, and on v1 some kernels never count I/O
// without a rule. So the metric is 0 only where 0 is known to be true.
void put_done(ContainerFamilies& to, const Measured& measured, const WorkloadView& one,
              const std::vector<Devnum>& devices) {
  const auto done = measured.done.find(one.path.cgroup);
  if (done == measured.done.end()) return;
  const Labels labels = labels_of(one);
  for (const Devnum device : devices) {
    const auto count = done->second.counts.find(device);
    const bool counted = count != done->second.counts.end();
    if (counted || has_rule_on(one, device))
      put_count(to, labels + device_label(measured, device), counted ? count->second : IoCount{});
  }
  if (const auto usec = done->second.stalled_usec) {
    const std::chrono::duration<double> seconds = std::chrono::microseconds(*usec);
    put(to.stalled, labels, seconds.count());
  }
}

void put_at_limit(MetricFamily& family, const WorkloadView& one) {
  if (one.rules.empty() || one.path.pod_uid.empty()) return;
  constexpr double msec_per_second = 1000;
  const Labels labels = labels_of(one);
  put(family, labels + label("direction", "read"),
      static_cast<double>(one.at_limit_read_msec) / msec_per_second);
  put(family, labels + label("direction", "write"),
      static_cast<double>(one.at_limit_write_msec) / msec_per_second);
}

}  // namespace

void add_containers(Families& families, const Measured& measured) {
  const Snapshot& snapshot = measured.snapshot;
  const std::vector<Devnum> devices = devices_of(snapshot);
  ContainerFamilies to;
  for (const WorkloadView& one : snapshot.containers) {
    if (one.state == State::sandbox) continue;
    const Labels labels = labels_of(one);
    put(to.state, labels + label("state", word_of(one.state, state_words)), 1);
    for (const Rule& rule : one.rules) {
      const Labels on = labels + device_label(measured, rule.device);
      put_limits(to.iops, on, rule.limit.read_iops, rule.limit.write_iops);
      put_limits(to.bps, on, rule.limit.read_bps, rule.limit.write_bps);
    }
    put_guarantees(to.guarantee, measured, one);
    put_at_limit(to.at_limit, one);
    put_done(to, measured, one, devices);
  }
  for (MetricFamily* family :
       {&to.state, &to.iops, &to.guarantee, &to.bps, &to.at_limit, &to.ios, &to.bytes, &to.stalled})
    families.push_back(std::move(*family));
}

void add_advice(Families& families, const Measured& measured) {
  MetricFamily advised =
      gauge("iopslimit_advised_iops",
            "The limit that iopsctl advise proposes for the container of a workload, observed for "
            "a day at least; without any name: for all pods together.");
  for (const Advice& one : measured.advice) {
    if (one.early) continue;
    put_limits(advised,
               {label("namespace", one.pod_namespace), label("workload", one.workload),
                label("container", one.container)},
               one.read.target, one.write.target);
  }
  families.push_back(std::move(advised));
}

}  // namespace iopslimit
