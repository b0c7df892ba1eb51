// SPDX-License-Identifier: Apache-2.0
// A snapshot as named fields, with one list of names for both the bus and JSON. Times are seconds
// since the epoch; IOPS and bytes per second are 0 where there is no limit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "advice/advice.hpp"
#include "api/snapshot.hpp"

namespace iopslimit {

using FieldValue =
    std::variant<std::string, std::uint64_t, bool, std::vector<std::string>, std::vector<Rule>>;

struct Field {
  std::string name;  ///< "last_reload"
  FieldValue value;
  bool operator==(const Field&) const = default;
};

/// In a fixed order. A reader skips fields with an unknown name or type, because a newer service
/// may send more fields.
using Fields = std::vector<Field>;

/// The fields of the service itself, without devices, totals and containers.
Fields fields_of(const Summary& summary);
Fields fields_of(const DeviceView& device);
Fields fields_of(const TotalView& total);
Fields fields_of(const WorkloadView& container);
Fields fields_of(const PodView& pod);
Fields fields_of(const Advice& advice);

void read_fields(const Fields& fields, Snapshot& snapshot);
void read_fields(const Fields& fields, DeviceView& device);
void read_fields(const Fields& fields, TotalView& total);
void read_fields(const Fields& fields, WorkloadView& container);
void read_fields(const Fields& fields, Advice& advice);

/// Null if there is no field of that name.
const FieldValue* find_field(const Fields& fields, std::string_view name);

/// Returns the field of a name on the bus: "last_reload" for "LastReload".
std::string field_of_bus_name(std::string_view name);

}  // namespace iopslimit
