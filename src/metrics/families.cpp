// SPDX-License-Identifier: Apache-2.0
#include "metrics/families.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "metrics/container_families.hpp"

namespace iopslimit {
namespace {

using namespace metric_family;

// ---- the service ----

void add_service(Families& families, const Snapshot& snapshot, std::uint64_t now) {
  MetricFamily build = gauge("iopslimit_build_info", "Always 1; the labels say what runs.");
  put(build,
      {label("version", snapshot.version), label("cgroup_version", snapshot.cgroup_version),
       label("scope", snapshot.scope == LimitScope::pod ? "pod" : "container")},
      1);
  families.push_back(std::move(build));
  add_one(families,
          gauge("iopslimit_start_time_seconds", "When the service started, since the epoch."),
          snapshot.since);
  add_one(families,
          gauge("iopslimit_written_timestamp_seconds",
                "When these metrics were written, since the epoch: the service writes them every "
                "15 seconds."),
          now);
  add_one(families,
          gauge("iopslimit_last_reload_timestamp_seconds",
                "When the configuration was read last, since the epoch."),
          std::max(snapshot.last_reload, snapshot.since));
  add_one(families,
          gauge("iopslimit_last_reload_successful",
                "0 when the last reload found errors: the older configuration holds."),
          !snapshot.reload_refused);
  add_one(families, gauge("iopslimit_dry_run", "1 when limits are decided and not written."),
          snapshot.dry_run);
  add_one(families,
          gauge("iopslimit_problems",
                "What keeps the service from seeing the node as it is now: 0 when all is well."),
          snapshot.problems.size());
  add_one(families,
          gauge("iopslimit_cleared",
                "1 when an operator took every limit away, until the next reload or start."),
          snapshot.cleared);
}

void add_events(Families& families, const Measured& measured) {
  MetricFamily decisions =
      counter("iopslimit_decisions_total",
              "Decisions about containers that were put in force, or could not be.");
  put(decisions, {label("outcome", "limited")}, measured.decisions.limited);
  put(decisions, {label("outcome", "exempted")}, measured.decisions.exempted);
  put(decisions, {label("outcome", "failed")}, measured.decisions.failed);
  families.push_back(std::move(decisions));
  add_one(families, counter("iopslimit_rule_writes_total", "Rules written to the kernel."),
          measured.snapshot.writes);
  add_one(families,
          counter("iopslimit_drift_repaired_total",
                  "Rules that another process changed and the service restored."),
          measured.snapshot.repaired);
  add_one(families, counter("iopslimit_errors_total", "Times that the kernel did not take rules."),
          measured.snapshot.errors);
  add_one(families,
          counter("iopslimit_log_lines_dropped_total",
                  "Lines of the log that were dropped because nobody took them in time."),
          measured.snapshot.lines_dropped);
  add_one(families,
          gauge("iopslimit_left_alone_cgroups",
                "Cgroups that look as if they had to be limited and are not."),
          measured.snapshot.left_alone);
}

void add_times(Families& families, const char* name, const char* help, const Histogram& latency) {
  MetricFamily family{name, help, MetricType::Histogram, {}};
  using Seconds = std::chrono::duration<double>;
  ClientMetric metric;
  for (std::size_t i = 0; i < Histogram::bounds.size(); ++i)
    metric.histogram.bucket.push_back({latency.up_to(i), Seconds(Histogram::bounds[i]).count()});
  metric.histogram.sample_count = latency.up_to(Histogram::bounds.size());
  metric.histogram.sample_sum = Seconds(latency.sum()).count();
  family.metric.push_back(std::move(metric));
  families.push_back(std::move(family));
}

// ---- disks ----

void add_mounts(Families& families, const Snapshot& snapshot) {
  MetricFamily state = gauge("iopslimit_mount_state",
                             "1 for the state that a data mount is in: limited, waiting (it is not "
                             "mounted) or refused (it cannot carry limits).");
  MetricFamily budget = gauge("iopslimit_mount_budget_iops",
                              "IOPS of all pods together, each direction, where there is a total.");
  MetricFamily allotted = gauge("iopslimit_mount_allotted_iops",
                                "What the limits of all limited containers add up to.");
  for (const DeviceView& device : snapshot.devices) {
    const Labels mount{label("mount", device.mount)};
    for (const auto& [one, word] : device_state_words)
      put(state, mount + label("state", word), device.state == one);
    if (device.total_iops != 0) put(budget, mount, device.total_iops);
    put(allotted, mount + label("direction", "read"), device.used.read_iops);
    put(allotted, mount + label("direction", "write"), device.used.write_iops);
  }
  for (MetricFamily* family : {&state, &budget, &allotted}) families.push_back(std::move(*family));
}

// ---- sharing ----

void put_both(MetricFamily& family, const Labels& labels, const Limit& limit) {
  put(family, labels + label("direction", "read"), limit.read_iops);
  put(family, labels + label("direction", "write"), limit.write_iops);
}

void add_sharing(Families& families, const Snapshot& snapshot) {
  MetricFamily state = gauge("iopslimit_share_state",
                             "1 for what the service does to share the disks: off, asleep, sharing "
                             "or recalled (the counters cannot be read).");
  for (const auto& [one, word] : share_state_words)
    put(state, {label("state", word)}, snapshot.sharing.state == one);
  MetricFamily lent =
      gauge("iopslimit_lent_iops", "IOPS that containers have above their guarantees.");
  MetricFamily cut =
      gauge("iopslimit_cut_iops", "IOPS that containers have below their guarantees.");
  for (const DeviceView& device : snapshot.devices) {
    if (device.total_iops == 0) continue;
    put_both(lent, {label("mount", device.mount)}, device.lent);
    put_both(cut, {label("mount", device.mount)}, device.cut);
  }
  MetricFamily writes = counter("iopslimit_share_writes_total",
                                "Limits raised (grant) and lowered (recall) to share a disk.");
  put(writes, {label("kind", "grant")}, snapshot.sharing.grants);
  put(writes, {label("kind", "recall")}, snapshot.sharing.recalls);
  for (MetricFamily* family : {&state, &lent, &cut, &writes})
    families.push_back(std::move(*family));
  constexpr double msec_per_second = 1000;
  add_one(families,
          counter("iopslimit_below_guarantee_seconds_total",
                  "Time in which busy containers were below their guarantees, summed up over the "
                  "containers, disks and directions."),
          static_cast<double>(snapshot.sharing.below_msec) / msec_per_second);
}

void add_totals(Families& families, const Measured& measured) {
  MetricFamily total = gauge("iopslimit_pods_limit_iops",
                             "The limit of all pods together that is in force, by the kubepods "
                             "directory that carries it (cgroup v2).");
  for (const TotalView& one : measured.snapshot.totals) {
    for (const Rule& rule : one.rules)
      put_limits(total, {label("cgroup", one.cgroup), device_label(measured, rule.device)},
                 rule.limit.read_iops, rule.limit.write_iops);
  }
  families.push_back(std::move(total));
}

}  // namespace

Families node_metrics(const Measured& measured) {
  Families families;
  add_service(families, measured.snapshot, measured.now);
  add_events(families, measured);
  add_times(families, "iopslimit_event_to_limit_seconds",
            "From the moment the service wakes up for a new cgroup until its limit is in force.",
            measured.event_to_limit);
  add_mounts(families, measured.snapshot);
  add_sharing(families, measured.snapshot);
  add_times(families, "iopslimit_recall_seconds",
            "From the reading of the counters until limits were lowered to share a disk.",
            measured.recalls);
  add_totals(families, measured);
  MetricFamily count = gauge("iopslimit_containers", "How many containers are what now.");
  for (std::size_t i = 0; i < state_words.size(); ++i)
    put(count, {label("state", state_words[i].second)}, measured.counts[i]);
  families.push_back(std::move(count));
  return families;
}

Families container_metrics(const Measured& measured) {
  Families families;
  add_containers(families, measured);
  add_advice(families, measured);
  return families;
}

Families metrics_of(const Measured& measured) {
  Families families = node_metrics(measured);
  std::ranges::move(container_metrics(measured), std::back_inserter(families));
  return families;
}

}  // namespace iopslimit
