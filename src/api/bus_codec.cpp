// SPDX-License-Identifier: Apache-2.0
#include "api/bus_codec.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "loop/file.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

constexpr const char* cannot_write = "cannot write a D-Bus message";
constexpr const char* cannot_read = "cannot read a D-Bus message";

void append(sd_bus_message* message, const std::string& text) {
  check(sd_bus_message_append(message, "s", sanitize_utf8(text).c_str()), cannot_write);
}

void append(sd_bus_message* message, std::uint64_t number) {
  check(sd_bus_message_append(message, "t", number), cannot_write);
}

void append(sd_bus_message* message, bool flag) {
  check(sd_bus_message_append(message, "b", static_cast<int>(flag)), cannot_write);
}

void append(sd_bus_message* message, const std::vector<std::string>& texts) {
  check(sd_bus_message_open_container(message, 'a', "s"), cannot_write);
  for (const std::string& text : texts) append(message, text);
  check(sd_bus_message_close_container(message), cannot_write);
}

void append(sd_bus_message* message, const std::vector<Rule>& rules) {
  check(sd_bus_message_open_container(message, 'a', "(stttt)"), cannot_write);
  for (const auto& [device, limit] : rules) {
    check(sd_bus_message_append(message, "(stttt)", to_string(device).c_str(), limit.read_iops,
                                limit.write_iops, limit.read_bps, limit.write_bps),
          cannot_write);
  }
  check(sd_bus_message_close_container(message), cannot_write);
}

bool enter(sd_bus_message* message, char type, const char* contents) {
  return check(sd_bus_message_enter_container(message, type, contents), cannot_read) != 0;
}

void leave(sd_bus_message* message) {
  check(sd_bus_message_exit_container(message), cannot_read);
}

std::string read_text(sd_bus_message* message) {
  const char* text = nullptr;
  check(sd_bus_message_read(message, "s", &text), cannot_read);
  return text;
}

std::vector<std::string> read_texts(sd_bus_message* message) {
  std::vector<std::string> texts;
  if (!enter(message, 'a', "s")) return texts;
  while (sd_bus_message_at_end(message, 0) == 0) texts.push_back(read_text(message));
  leave(message);
  return texts;
}

std::vector<Rule> read_rules(sd_bus_message* message) {
  std::vector<Rule> rules;
  if (!enter(message, 'a', "(stttt)")) return rules;
  for (;;) {
    const char* device = nullptr;
    Limit limit;
    if (check(sd_bus_message_read(message, "(stttt)", &device, &limit.read_iops, &limit.write_iops,
                                  &limit.read_bps, &limit.write_bps),
              cannot_read) == 0)
      break;
    if (const auto devnum = parse_devnum(device)) rules.push_back({*devnum, limit});
  }
  leave(message);
  return rules;
}

// Returns nullopt for a signature that no field has.
std::optional<FieldValue> read_value(sd_bus_message* message, std::string_view signature) {
  if (signature == "s") return read_text(message);
  if (signature == "as") return read_texts(message);
  if (signature == "a(stttt)") return read_rules(message);
  if (signature == "t") {
    std::uint64_t number = 0;
    check(sd_bus_message_read(message, "t", &number), cannot_read);
    return number;
  }
  if (signature == "b") {
    int flag = 0;
    check(sd_bus_message_read(message, "b", &flag), cannot_read);
    return flag != 0;
  }
  return std::nullopt;
}

std::size_t size_of(const FieldValue& value) {
  constexpr std::size_t rule = 48;
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* rules = std::get_if<std::vector<Rule>>(&value)) return rules->size() * rule;
  const auto* texts = std::get_if<std::vector<std::string>>(&value);
  std::size_t bytes = sizeof(std::uint64_t);
  if (texts != nullptr)
    for (const std::string& text : *texts) bytes += text.size() + sizeof(std::uint64_t);
  return bytes;
}

}  // namespace

std::size_t size_of(const Fields& fields) {
  constexpr std::size_t frame = 16;  // lengths, signature and padding
  std::size_t bytes = 0;
  for (const Field& field : fields) bytes += frame + field.name.size() + size_of(field.value);
  return bytes;
}

void reply_error(sd_bus_message* call, const char* error, const std::string& why) {
  sd_bus_reply_method_errorf(call, error, "%s", plain_lines(why).c_str());
}

void append_value(sd_bus_message* message, const FieldValue& value) {
  std::visit([message](const auto& one) { append(message, one); }, value);
}

const char* signature_of(const FieldValue& value) {
  constexpr std::array signatures{"s", "t", "b", "as", "a(stttt)"};
  static_assert(std::variant_size_v<FieldValue> == signatures.size());
  return signatures.at(value.index());
}

void append_fields(sd_bus_message* message, const Fields& fields,
                   std::string (*rename)(std::string_view)) {
  check(sd_bus_message_open_container(message, 'a', "{sv}"), cannot_write);
  for (const Field& field : fields) {
    check(sd_bus_message_open_container(message, 'e', "sv"), cannot_write);
    append(message, rename == nullptr ? field.name : rename(field.name));
    check(sd_bus_message_open_container(message, 'v', signature_of(field.value)), cannot_write);
    append_value(message, field.value);
    check(sd_bus_message_close_container(message), cannot_write);
    check(sd_bus_message_close_container(message), cannot_write);
  }
  check(sd_bus_message_close_container(message), cannot_write);
}

void append_list(sd_bus_message* message, const std::vector<Fields>& list) {
  check(sd_bus_message_open_container(message, 'a', "a{sv}"), cannot_write);
  for (const Fields& fields : list) append_fields(message, fields);
  check(sd_bus_message_close_container(message), cannot_write);
}

Fields read_dictionary(sd_bus_message* message,
                       const std::function<bool(const std::string& name)>& other) {
  Fields fields;
  enter(message, 'a', "{sv}");
  while (enter(message, 'e', "sv")) {
    const std::string name = read_text(message);
    const char* signature = nullptr;
    check(sd_bus_message_peek_type(message, nullptr, &signature), cannot_read);
    const std::string kept = signature;
    enter(message, 'v', kept.c_str());
    if (auto value = read_value(message, kept)) {
      fields.push_back({name, std::move(*value)});
    } else if (!other || !other(name)) {
      check(sd_bus_message_skip(message, kept.c_str()), cannot_read);
    }
    leave(message);
    leave(message);
  }
  leave(message);
  return fields;
}

std::vector<Fields> read_list(sd_bus_message* message) {
  std::vector<Fields> list;
  enter(message, 'a', "a{sv}");
  while (sd_bus_message_at_end(message, 0) == 0) list.push_back(read_dictionary(message));
  leave(message);
  return list;
}

}  // namespace iopslimit
