// SPDX-License-Identifier: Apache-2.0
#include "metrics/family.hpp"

#include <utility>

#include "report/utf8.hpp"

namespace iopslimit::metric_family {

ClientMetric::Label label(const char* name, std::string_view value) {
  return {name, sanitize_utf8(value)};
}

ClientMetric::Label device_label(const Measured& measured, Devnum device) {
  const auto name = measured.device_names.find(device);
  return label("device", name == measured.device_names.end() ? to_string(device) : name->second);
}

Labels operator+(Labels labels, ClientMetric::Label one) {
  labels.push_back(std::move(one));
  return labels;
}

MetricFamily gauge(const char* name, const char* help) {
  return {name, help, MetricType::Gauge, {}};
}

MetricFamily counter(const char* name, const char* help) {
  return {name, help, MetricType::Counter, {}};
}

void put_real(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) metric.counter.value = value;
  if (family.type == MetricType::Gauge) metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

void put_limits(MetricFamily& family, const Labels& labels, std::uint64_t read,
                std::uint64_t write) {
  if (read != 0) put(family, labels + label("direction", "read"), read);
  if (write != 0) put(family, labels + label("direction", "write"), write);
}

}  // namespace iopslimit::metric_family
