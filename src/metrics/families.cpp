// SPDX-License-Identifier: Apache-2.0
#include "metrics/families.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "report/utf8.hpp"

namespace iopslimit {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;
using Families = std::vector<MetricFamily>;

ClientMetric::Label label(const char* name, std::string_view value) {
  return {name, sanitize_utf8(value)};
}

Labels operator+(Labels labels, ClientMetric::Label one) {
  labels.push_back(std::move(one));
  return labels;
}

ClientMetric with(Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  return metric;
}

// Whole numbers up to 2^53 are exact.
template <class Number>
void put(MetricFamily& family, Labels labels, Number value) {
  ClientMetric metric = with(std::move(labels));
  const auto real = static_cast<double>(value);
  if (family.type == MetricType::Counter) metric.counter.value = real;
  if (family.type == MetricType::Gauge) metric.gauge.value = real;
  family.metric.push_back(std::move(metric));
}

MetricFamily gauge(const char* name, const char* help) {
  return {name, help, MetricType::Gauge, {}};
}

MetricFamily counter(const char* name, const char* help) {
  return {name, help, MetricType::Counter, {}};
}

template <class Number>
void add_one(Families& families, MetricFamily family, Number value) {
  put(family, {}, value);
  families.push_back(std::move(family));
}

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

void add_latency(Families& families, const Histogram& latency) {
  MetricFamily family{"iopslimit_event_to_limit_seconds",
                      "From the moment the service wakes up for a new cgroup until its limit is in "
                      "force.",
                      MetricType::Histogram,
                      {}};
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

ClientMetric::Label device_label(const Measured& measured, Devnum device) {
  const auto name = measured.device_names.find(device);
  return label("device", name == measured.device_names.end() ? to_string(device) : name->second);
}

// An unlimited direction has no metric.
void put_limits(MetricFamily& family, const Labels& labels, std::uint64_t read,
                std::uint64_t write) {
  if (read != 0) put(family, labels + label("direction", "read"), read);
  if (write != 0) put(family, labels + label("direction", "write"), write);
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

// ---- containers ----

struct ContainerFamilies {
  MetricFamily state = gauge("iopslimit_container_state",
                             "Always 1; what the container is now: limited, pending, exempt, "
                             "failed or paused.");
  MetricFamily iops = gauge("iopslimit_container_limit_iops", "Its limit that is in force.");
  MetricFamily bps =
      gauge("iopslimit_container_limit_bytes_per_second", "Its limit that is in force.");
  MetricFamily ios = counter("iopslimit_container_ios_total",
                             "I/Os that the kernel counted for it; rate() of this is its IOPS.");
  MetricFamily bytes =
      counter("iopslimit_container_bytes_total", "Bytes that the kernel counted for it.");
  MetricFamily stalled =
      counter("iopslimit_container_io_stalled_seconds_total",
              "Time in which something in it waited for I/O, limited or not (some, of "
              "io.pressure; cgroup v2).");
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

void add_containers(Families& families, const Measured& measured) {
  const Snapshot& snapshot = measured.snapshot;
  MetricFamily count = gauge("iopslimit_containers", "How many containers are what now.");
  for (const auto& [state, word] : state_words)
    put(count, {label("state", word)}, snapshot.count(state));
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
    put_done(to, measured, one, devices);
  }
  for (MetricFamily* family :
       {&count, &to.state, &to.iops, &to.bps, &to.ios, &to.bytes, &to.stalled})
    families.push_back(std::move(*family));
}

}  // namespace

std::vector<MetricFamily> metrics_of(const Measured& measured) {
  Families families;
  add_service(families, measured.snapshot, measured.now);
  add_events(families, measured);
  add_latency(families, measured.event_to_limit);
  add_mounts(families, measured.snapshot);
  add_totals(families, measured);
  add_containers(families, measured);
  return families;
}

}  // namespace iopslimit
