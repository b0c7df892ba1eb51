// SPDX-License-Identifier: Apache-2.0
#include "metrics/families.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "support/parsed_path.hpp"
#include "support/sample_metrics.hpp"

namespace iopslimit::families_test {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using testing::StartsWith;

using Labels = std::map<std::string, std::string>;

Labels labels_of(const ClientMetric& metric) {
  Labels labels;
  for (const auto& one : metric.label) labels[one.name] = one.value;
  return labels;
}

const MetricFamily& family(const std::vector<MetricFamily>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &MetricFamily::name);
  if (found == all.end()) throw std::runtime_error("no family " + std::string(name));
  return *found;
}

/// The one metric whose labels include `some`.
std::optional<double> value(const Measured& measured, const std::string& name, const Labels& some) {
  const auto all = metrics_of(measured);
  const MetricFamily& of = family(all, name);
  std::optional<double> value;
  for (const ClientMetric& metric : of.metric) {
    const Labels labels = labels_of(metric);
    const bool meant = std::ranges::all_of(some, [&](const auto& one) {
      return labels.contains(one.first) && labels.at(one.first) == one.second;
    });
    if (!meant) continue;
    EXPECT_FALSE(value) << name << ": more than one metric fits";
    value = of.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return value;
}

TEST(Metrics, OfTheTimeAtTheLimit) {
  Measured sample = sample_measured();
  WorkloadView& db = sample.snapshot.containers[0];
  db.at_limit_read_msec = 41'500;
  const char* name = "iopslimit_container_at_limit_seconds_total";
  EXPECT_EQ(value(sample, name, {{"id", db.path.id}, {"direction", "read"}}), 41.5);
  EXPECT_EQ(value(sample, name, {{"id", db.path.id}, {"direction", "write"}}), 0);
  db.rules.clear();
  EXPECT_EQ(value(sample, name, {{"id", db.path.id}, {"direction", "read"}}), std::nullopt)
      << "it has no limit";
}

TEST(Metrics, OfTheAdvice) {
  Measured sample = sample_measured();
  sample.advice = {
      {.total = true, .read = {.target = 2800}, .write = {.target = 900}},
      {.pod_namespace = "shop",
       .workload = "db",
       .container = "db",
       .read = {.target = 690},
       .write = {}},
      {.pod_namespace = "shop", .workload = "new", .early = true, .read = {.target = 5}}};
  const char* name = "iopslimit_advised_iops";
  EXPECT_EQ(value(sample, name, {{"workload", ""}, {"direction", "read"}}), 2800);
  EXPECT_EQ(value(sample, name, {{"workload", ""}, {"direction", "write"}}), 900);
  EXPECT_EQ(value(sample, name, {{"namespace", "shop"}, {"workload", "db"}, {"container", "db"}}),
            690)
      << "for reading alone";
  EXPECT_EQ(value(sample, name, {{"workload", "new"}}), std::nullopt) << "too early";
}

TEST(Metrics, OfTheService) {
  const Measured sample = sample_measured();
  EXPECT_EQ(value(sample, "iopslimit_build_info",
                  {{"version", "1.2.3"}, {"cgroup_version", "v2"}, {"scope", "container"}}),
            1);
  EXPECT_EQ(value(sample, "iopslimit_start_time_seconds", {}), 1000000000);
  EXPECT_EQ(value(sample, "iopslimit_written_timestamp_seconds", {}), 2000000000);
  EXPECT_EQ(value(sample, "iopslimit_last_reload_timestamp_seconds", {}), 1000000000);
  EXPECT_EQ(value(sample, "iopslimit_last_reload_successful", {}), 1);
  EXPECT_EQ(value(sample, "iopslimit_decisions_total", {{"outcome", "limited"}}), 4);
  EXPECT_EQ(value(sample, "iopslimit_decisions_total", {{"outcome", "exempted"}}), 2);
  EXPECT_EQ(value(sample, "iopslimit_decisions_total", {{"outcome", "failed"}}), 1);
  EXPECT_EQ(value(sample, "iopslimit_rule_writes_total", {}), 12);
  EXPECT_EQ(value(sample, "iopslimit_drift_repaired_total", {}), 2);
  EXPECT_EQ(value(sample, "iopslimit_errors_total", {}), 1);
  EXPECT_EQ(value(sample, "iopslimit_dry_run", {}), 0);
  EXPECT_EQ(value(sample, "iopslimit_cleared", {}), 0);
}

TEST(Metrics, SwitchesThatAreOn) {
  Measured sample = sample_measured();
  sample.snapshot.last_reload = 1500000000;
  sample.snapshot.reload_refused = sample.snapshot.dry_run = sample.snapshot.cleared = true;
  EXPECT_EQ(value(sample, "iopslimit_last_reload_timestamp_seconds", {}), 1500000000);
  EXPECT_EQ(value(sample, "iopslimit_last_reload_successful", {}), 0);
  EXPECT_EQ(value(sample, "iopslimit_dry_run", {}), 1);
  EXPECT_EQ(value(sample, "iopslimit_cleared", {}), 1);
}

TEST(Metrics, OfTheMounts) {
  const Measured sample = sample_measured();
  const auto state = [&](const std::string& mount, const std::string& word) {
    return value(sample, "iopslimit_mount_state", {{"mount", mount}, {"state", word}});
  };
  EXPECT_EQ(state("/data", "limited"), 1);
  EXPECT_EQ(state("/data", "waiting"), 0);
  EXPECT_EQ(state("/logs", "limited"), 0);
  EXPECT_EQ(state("/logs", "waiting"), 1);
  EXPECT_EQ(value(sample, "iopslimit_mount_budget_iops", {{"mount", "/data"}}), 3000);
  EXPECT_EQ(value(sample, "iopslimit_mount_budget_iops", {{"mount", "/logs"}}), std::nullopt);
  EXPECT_EQ(
      value(sample, "iopslimit_mount_allotted_iops", {{"mount", "/data"}, {"direction", "read"}}),
      1000);
  EXPECT_EQ(value(sample, "iopslimit_pods_limit_iops",
                  {{"cgroup", "/kubepods"}, {"device", "nvme0n1"}, {"direction", "write"}}),
            3000);
}

TEST(Metrics, OfSharing) {
  Measured sample = sample_measured();
  for (const auto& [state, word] : share_state_words)
    EXPECT_EQ(value(sample, "iopslimit_share_state", {{"state", std::string(word)}}),
              state == ShareState::sharing)
        << word;
  EXPECT_EQ(value(sample, "iopslimit_share_writes_total", {{"kind", "grant"}}), 57);
  EXPECT_EQ(value(sample, "iopslimit_share_writes_total", {{"kind", "recall"}}), 49);
  EXPECT_EQ(value(sample, "iopslimit_below_guarantee_seconds_total", {}), 83.5);
  sample.snapshot.devices[0].lent = {.read_iops = 1340, .write_iops = 20};
  const auto of = [&](const char* name, const std::string& mount, const std::string& direction) {
    return value(sample, name, {{"mount", mount}, {"direction", direction}});
  };
  EXPECT_EQ(of("iopslimit_lent_iops", "/data", "read"), 1340);
  EXPECT_EQ(of("iopslimit_lent_iops", "/data", "write"), 20);
  EXPECT_EQ(of("iopslimit_cut_iops", "/data", "read"), 160);
  EXPECT_EQ(of("iopslimit_cut_iops", "/data", "write"), 0);
  EXPECT_EQ(of("iopslimit_cut_iops", "/logs", "read"), std::nullopt) << "it has no total";
}

TEST(Metrics, GuaranteeOnlyWhereItDiffersFromTheLimit) {
  Measured sample = sample_measured();
  const auto guarantee = [&](char digit, const char* direction) {
    return value(sample, "iopslimit_container_guarantee_iops",
                 {{"id", sample_id(digit)}, {"device", "nvme0n1"}, {"direction", direction}});
  };
  EXPECT_EQ(guarantee('b', "read"), 660);
  EXPECT_EQ(guarantee('b', "write"), std::nullopt);
  EXPECT_EQ(guarantee('a', "read"), std::nullopt);
  WorkloadView& web = sample.snapshot.containers[1];
  web.configured[0].limit.read_iops = 0;  // unlimited
  EXPECT_EQ(guarantee('b', "read"), std::nullopt);
  web.configured.clear();
  EXPECT_EQ(guarantee('b', "read"), std::nullopt);
}

TEST(Metrics, RecallsAsAHistogram) {
  const auto all = metrics_of(sample_measured());
  const MetricFamily& of = family(all, "iopslimit_recall_seconds");
  EXPECT_EQ(of.type, MetricType::Histogram);
  EXPECT_EQ(of.metric[0].histogram.sample_count, 1U);
  EXPECT_DOUBLE_EQ(of.metric[0].histogram.sample_sum, 0.00124);
}

TEST(Metrics, OfAContainer) {
  const Measured sample = sample_measured();
  const Labels db{
      {"namespace", "shop"}, {"pod", "db-0"}, {"container", "db"}, {"id", sample_id('a')}};
  const auto on_disk = [&db](const std::string& direction) {
    Labels labels = db;
    labels["device"] = "nvme0n1";
    labels["direction"] = direction;
    return labels;
  };
  EXPECT_EQ(value(sample, "iopslimit_container_state", db), 1);
  EXPECT_EQ(value(sample, "iopslimit_container_limit_iops", on_disk("read")), 500);
  EXPECT_EQ(value(sample, "iopslimit_container_limit_bytes_per_second", on_disk("write")),
            std::nullopt);
  EXPECT_EQ(value(sample, "iopslimit_container_ios_total", on_disk("read")), 7);
  EXPECT_EQ(value(sample, "iopslimit_container_ios_total", on_disk("write")), 8);
  EXPECT_EQ(value(sample, "iopslimit_container_bytes_total", on_disk("read")), 28672);
  EXPECT_EQ(value(sample, "iopslimit_container_bytes_total", on_disk("write")), 32768);
  EXPECT_EQ(value(sample, "iopslimit_container_io_stalled_seconds_total", db), 2.5);
}

TEST(Metrics, AnUnlimitedDirectionHasNoLimit) {
  const Measured sample = sample_measured();
  const Labels web{{"id", sample_id('b')}};
  EXPECT_EQ(value(sample, "iopslimit_container_limit_iops", web), 500);  // reading alone
  EXPECT_EQ(value(sample, "iopslimit_container_limit_bytes_per_second", web), 1048576);
}

TEST(Metrics, NothingDoneYetIsZeroOnlyWhereTheKernelCounts) {
  const Measured sample = sample_measured();
  EXPECT_EQ(value(sample, "iopslimit_container_ios_total",
                  {{"id", sample_id('b')}, {"direction", "read"}}),
            0);
  EXPECT_EQ(value(sample, "iopslimit_container_ios_total",
                  {{"id", sample_id('c')}, {"direction", "read"}}),
            std::nullopt);
  EXPECT_EQ(value(sample, "iopslimit_container_io_stalled_seconds_total", {{"id", sample_id('b')}}),
            std::nullopt);
}

TEST(Metrics, EveryStandingIsCountedAndSandboxesAreNotListed) {
  const Measured sample = sample_measured();
  for (const auto& [word, count] : std::map<std::string, double>{{"limited", 2},
                                                                 {"exempt", 1},
                                                                 {"sandbox", 1},
                                                                 {"paused", 1},
                                                                 {"failed", 1},
                                                                 {"pending", 0}})
    EXPECT_EQ(value(sample, "iopslimit_containers", {{"state", word}}), count) << word;
  EXPECT_EQ(value(sample, "iopslimit_container_state", {{"id", sample_id('d')}}), std::nullopt);
  EXPECT_EQ(
      value(sample, "iopslimit_container_state", {{"id", sample_id('f')}, {"state", "failed"}}), 1);
}

TEST(Metrics, APodAsAWholeIsKnownByItsUid) {
  Measured sample = sample_measured();
  WorkloadView& pod = sample.snapshot.containers[0];
  pod.path = *parse_pod_path(pod_cgroup_of(pod.path));
  pod.name.clear();
  EXPECT_EQ(
      value(sample, "iopslimit_container_limit_iops",
            {{"id", pod.path.pod_uid}, {"pod", "db-0"}, {"container", ""}, {"direction", "read"}}),
      500);
}

TEST(Metrics, ADeviceWithoutANameHasItsNumber) {
  Measured sample = sample_measured();
  sample.device_names.clear();
  EXPECT_EQ(value(sample, "iopslimit_container_limit_iops",
                  {{"id", sample_id('a')}, {"device", "259:0"}, {"direction", "read"}}),
            500);
}

TEST(Metrics, LatencyAsAHistogram) {
  const auto all = metrics_of(sample_measured());
  const MetricFamily& of = family(all, "iopslimit_event_to_limit_seconds");
  ASSERT_EQ(of.metric.size(), 1U);
  const auto& histogram = of.metric[0].histogram;
  EXPECT_EQ(of.type, MetricType::Histogram);
  EXPECT_EQ(histogram.sample_count, 2U);
  EXPECT_DOUBLE_EQ(histogram.sample_sum, 0.0005);
  ASSERT_EQ(histogram.bucket.size(), Histogram::bounds.size());
  EXPECT_DOUBLE_EQ(histogram.bucket[1].upper_bound, 0.0001);
  EXPECT_EQ(histogram.bucket[0].cumulative_count, 0U);
  EXPECT_EQ(histogram.bucket[1].cumulative_count, 1U);
  EXPECT_EQ(histogram.bucket.back().cumulative_count, 2U);
}

// node_exporter drops a whole file for one metric that is there twice.
TEST(Metrics, NoneIsThereTwiceThoughNamesAreEqualOrUnknown) {
  Measured sample = sample_measured();
  for (WorkloadView& one : sample.snapshot.containers) one.name = one.pod = one.pod_namespace = "";
  for (const MetricFamily& one : metrics_of(sample)) {
    std::set<Labels> seen;
    for (const ClientMetric& metric : one.metric)
      EXPECT_TRUE(seen.insert(labels_of(metric)).second) << one.name;
  }
}

TEST(Metrics, NamesAreOfOneKind) {
  std::set<std::string> names;
  for (const MetricFamily& one : metrics_of(sample_measured())) {
    EXPECT_THAT(one.name, StartsWith("iopslimit_"));
    EXPECT_EQ(one.name.ends_with("_total"), one.type == MetricType::Counter) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
    EXPECT_FALSE(one.metric.empty()) << one.name << " is not in the sample";
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
  }
}

TEST(Metrics, NothingIsKnownYet) {
  for (const MetricFamily& one : metrics_of({})) {
    const bool of_something =
        one.name.starts_with("iopslimit_container_") || one.name.starts_with("iopslimit_mount_");
    const std::set<std::string> others{"iopslimit_pods_limit_iops", "iopslimit_lent_iops",
                                       "iopslimit_cut_iops", "iopslimit_advised_iops"};
    EXPECT_EQ(one.metric.empty(), of_something || others.contains(one.name)) << one.name;
  }
}

TEST(Metrics, SanitizesTextOfPodAuthors) {
  Measured sample = sample_measured();
  sample.snapshot.containers[0].pod = "a\"b\\c\nd\xFF\xC3(\x1B[2Jé";
  EXPECT_EQ(value(sample, "iopslimit_container_state", {{"pod", "a\"b\\c?d?\?(?[2Jé"}}), 1);
}

}  // namespace
}  // namespace iopslimit::families_test
