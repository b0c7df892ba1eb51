// SPDX-License-Identifier: Apache-2.0
// Encodes fields as D-Bus values: a string is s, a number t, a flag b, a list of texts as, rules
// are a(stttt) (device, read IOPS, write IOPS, read bytes/s, write bytes/s; 0 = unlimited).
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/snapshot_fields.hpp"

namespace iopslimit {

struct BusUnref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using BusMessage = std::unique_ptr<sd_bus_message, BusUnref>;

/// What check() says of a call whose answer cannot be made.
inline constexpr const char* cannot_answer = "cannot answer a call on the bus";

/// About how many bytes append_fields() writes.
std::size_t size_of(const Fields& fields);

/// Answers a call with an error. Ignores errors: who cannot be reached does not wait.
void reply_error(sd_bus_message* call, const char* error, const std::string& why);

/// All functions below throw std::system_error when the message does not have the expected form.

/// Appends one value; its texts pass through sanitize_utf8().
void append_value(sd_bus_message* message, const FieldValue& value);
/// The signature that append_value() writes: "a(stttt)".
const char* signature_of(const FieldValue& value);
/// Appends fields as a{sv}. `rename` converts each name to its D-Bus form; null keeps the names.
void append_fields(sd_bus_message* message, const Fields& fields,
                   std::string (*rename)(std::string_view) = nullptr);
/// Appends as aa{sv}.
void append_list(sd_bus_message* message, const std::vector<Fields>& list);

/// Reads an a{sv}. A value with a signature that no field has is offered to `other`, which returns
/// true if it has read the value; otherwise the value is skipped.
Fields read_dictionary(sd_bus_message* message,
                       const std::function<bool(const std::string& name)>& other = {});
/// Reads an aa{sv}.
std::vector<Fields> read_list(sd_bus_message* message);

}  // namespace iopslimit
