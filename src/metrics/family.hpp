// SPDX-License-Identifier: Apache-2.0
// Makes metric families and puts metrics into them.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/measured.hpp"

namespace iopslimit {

using Families = std::vector<prometheus::MetricFamily>;

namespace metric_family {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// The value becomes valid UTF-8 without control characters.
ClientMetric::Label label(const char* name, std::string_view value);
/// The kernel's name of the device; without one its number.
ClientMetric::Label device_label(const Measured& measured, Devnum device);
Labels operator+(Labels labels, ClientMetric::Label one);

MetricFamily gauge(const char* name, const char* help);
MetricFamily counter(const char* name, const char* help);

/// Adds a metric to a gauge or a counter. Whole numbers up to 2^53 are exact.
void put_real(MetricFamily& family, Labels labels, double value);
template <class Number>
void put(MetricFamily& family, Labels labels, Number value) {
  put_real(family, std::move(labels), static_cast<double>(value));
}
/// Adds one for each direction that is limited.
void put_limits(MetricFamily& family, const Labels& labels, std::uint64_t read,
                std::uint64_t write);

/// Adds the family with one metric that has no labels.
template <class Number>
void add_one(Families& families, MetricFamily family, Number value) {
  put(family, {}, value);
  families.push_back(std::move(family));
}

}  // namespace metric_family
}  // namespace iopslimit
