// SPDX-License-Identifier: Apache-2.0
// An snapshot as named fields: one list of names for the bus and for JSON. Times are seconds since
// the epoch, IOPS and bytes a second are 0 where there is no limit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/snapshot.hpp"

namespace iopslimit {

using FieldValue =
    std::variant<std::string, std::uint64_t, bool, std::vector<std::string>, std::vector<Rule>>;

struct Field {
  std::string name;  ///< "last_reload"
  FieldValue value;
  bool operator==(const Field&) const = default;
};

/// In a fixed order. What a field's name or type does not fit to is passed over when it is read:
/// a newer service may tell more.
using Fields = std::vector<Field>;

/// The service alone, without devices, totals and containers.
Fields fields_of(const Snapshot& snapshot);
Fields fields_of(const DeviceView& device);
Fields fields_of(const TotalView& total);
Fields fields_of(const WorkloadView& container);
Fields fields_of(const PodView& pod);

void read_fields(const Fields& fields, Snapshot& snapshot);
void read_fields(const Fields& fields, DeviceView& device);
void read_fields(const Fields& fields, TotalView& total);
void read_fields(const Fields& fields, WorkloadView& container);

/// Null when there is none of that name.
const FieldValue* find_field(const Fields& fields, std::string_view name);

/// "last_reload" as a name of the bus: "LastReload"; and back.
std::string bus_name_of(std::string_view field);
std::string field_of_bus_name(std::string_view name);

}  // namespace iopslimit
