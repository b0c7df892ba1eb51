// SPDX-License-Identifier: Apache-2.0
#include "runtime/cri_messages.hpp"

#include <simdjson.h>

#include <algorithm>
#include <protozero/exception.hpp>
#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_message.hpp>
#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

constexpr std::string_view uid_label = "io.kubernetes.pod.uid";
constexpr std::size_t frame_size = 5;  // whether it is compressed, and the length, big-endian

enum class Request : protozero::pbf_tag_type { filter = 1 };
enum class Filter : protozero::pbf_tag_type { state = 2, label_selector = 3 };
enum class State : protozero::pbf_tag_type { state = 1 };
enum class MapEntry : protozero::pbf_tag_type { key = 1, value = 2 };
enum class Sandbox : protozero::pbf_tag_type {
  metadata = 2,
  created_at = 4,
  labels = 5,
  annotations = 6
};
enum class Metadata : protozero::pbf_tag_type { name = 1, uid = 2, pod_namespace = 3 };
constexpr std::uint64_t items_field = 1;  // of ListPodSandboxResponse
constexpr std::int32_t sandbox_ready = 0;

enum Wire : std::uint8_t { varint = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

std::string_view view_of(protozero::data_view data) {
  return {data.data(), data.size()};
}

protozero::data_view data_of(std::string_view text) {
  return {text.data(), text.size()};
}

bool is_text(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

// What protozero's tag_and_type() returns for a string or a message in the field `tag`.
template <class Tag>
constexpr std::uint32_t text_or_message(Tag tag) {
  return tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}

void read_entry(protozero::data_view data, record_json::Pairs& pairs) {
  std::string_view key;
  std::string_view value;
  protozero::pbf_message<MapEntry> entry(data);
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case text_or_message(MapEntry::key):
        key = view_of(entry.get_view());
        break;
      case text_or_message(MapEntry::value):
        value = view_of(entry.get_view());
        break;
      default:
        entry.skip();
    }
  }
  if (is_text(key) && is_text(value)) pairs.emplace_back(key, value);
}

void read_metadata(protozero::data_view data, ListedSandbox& sandbox) {
  protozero::pbf_message<Metadata> metadata(data);
  while (metadata.next()) {
    switch (metadata.tag_and_type()) {
      case text_or_message(Metadata::name):
        sandbox.facts.pod = metadata.get_string();
        break;
      case text_or_message(Metadata::uid):
        sandbox.pod_uid = metadata.get_string();
        break;
      case text_or_message(Metadata::pod_namespace):
        sandbox.facts.pod_namespace = metadata.get_string();
        break;
      default:
        metadata.skip();
    }
  }
}

// The views of `labels` and `annotations` are into `item`.
ListedSandbox read_sandbox(std::string_view item, record_json::Pairs& labels,
                           record_json::Pairs& annotations) {
  ListedSandbox sandbox;
  protozero::pbf_message<Sandbox> message(data_of(item));
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(Sandbox::created_at, protozero::pbf_wire_type::varint):
        sandbox.created_at = message.get_int64();
        break;
      case text_or_message(Sandbox::metadata):
        read_metadata(message.get_view(), sandbox);
        break;
      case text_or_message(Sandbox::labels):
        read_entry(message.get_view(), labels);
        break;
      case text_or_message(Sandbox::annotations):
        read_entry(message.get_view(), annotations);
        break;
      default:
        message.skip();
    }
  }
  return sandbox;
}

}  // namespace

std::string_view to_string(CriVersion version) {
  return version == CriVersion::v1 ? "v1" : "v1alpha2";
}

std::string list_path(CriVersion version) {
  return "/runtime." + std::string(to_string(version)) + ".RuntimeService/ListPodSandbox";
}

std::string list_request(std::string_view pod_uid) {
  std::string request;
  {
    protozero::pbf_builder<Request> message(request);
    protozero::pbf_builder<Filter> filter(message, Request::filter);
    {
      protozero::pbf_builder<State> state(filter, Filter::state);
      state.add_enum(State::state, sandbox_ready);
    }
    if (!pod_uid.empty()) {
      protozero::pbf_builder<MapEntry> selector(filter, Filter::label_selector);
      selector.add_string(MapEntry::key, data_of(uid_label));
      selector.add_string(MapEntry::value, data_of(pod_uid));
    }
  }
  const std::size_t size = request.size();
  const auto byte = [size](unsigned shift) { return static_cast<char>(size >> shift); };
  return std::string{'\0', byte(24), byte(16), byte(8), byte(0)} + request;
}

std::optional<ListedSandbox> decode_sandbox(std::string_view item,
                                            const RecordRequest& request) try {
  record_json::Pairs labels;
  record_json::Pairs annotations;
  ListedSandbox sandbox = read_sandbox(item, labels, annotations);
  if (sandbox.pod_uid.empty() || sandbox.facts.pod.empty() || !is_text(sandbox.pod_uid) ||
      !is_text(sandbox.facts.pod) || !is_text(sandbox.facts.pod_namespace))
    return std::nullopt;
  const std::string_view labelled = record_json::view_of(labels, uid_label);
  if (!labelled.empty() && labelled != sandbox.pod_uid) return std::nullopt;
  sandbox.facts.labels = record_json::labels_of(labels, request.labels);
  sandbox.facts.annotations = record_json::annotations_of(annotations, request);
  return sandbox;
} catch (const protozero::exception&) {
  return std::nullopt;
}

const char* SandboxList::feed(std::string_view bytes) {
  const char* wrong = nullptr;
  while (!bytes.empty() && wrong == nullptr)
    wrong = state_ == State::frame ? take_frame(bytes) : take_message(bytes);
  return wrong;
}

const char* SandboxList::take_frame(std::string_view& bytes) {
  const std::size_t taken = std::min(bytes.size(), frame_size - buffer_.size());
  buffer_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  if (buffer_.size() < frame_size) return nullptr;
  if (buffer_.front() != '\0') return "it is compressed";
  for (const char c : buffer_.substr(1)) left_ = (left_ << 8U) | static_cast<unsigned char>(c);
  buffer_.clear();
  if (left_ > max_message) return "it is larger than 16 MiB";
  state_ = State::field;
  return nullptr;
}

// Returns true if it is whole. One of more than ten bytes is left to its caller as a huge number.
bool SandboxList::take_varint(std::string_view& bytes) {
  while (!bytes.empty() && left_ > 0) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    --left_;
    if (shift_ < 64) varint_ |= static_cast<std::uint64_t>(byte & 0x7fU) << shift_;
    shift_ += 7;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

const char* SandboxList::take_message(std::string_view& bytes) {
  constexpr unsigned longest = 70;  // bits of a varint's ten bytes
  if (left_ == 0) return "more follows its end";
  if (state_ == State::item || state_ == State::skip) {
    const std::size_t taken = std::min(bytes.size(), value_left_);
    if (state_ == State::item) buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    value_left_ -= taken;
    left_ -= taken;
    if (value_left_ != 0) return nullptr;
    if (state_ == State::item) take_(buffer_);
    buffer_.clear();
    state_ = State::field;
    return nullptr;
  }
  const bool whole = take_varint(bytes);
  if (shift_ > longest || (!whole && left_ == 0)) return "it is no protocol buffer";
  if (!whole) return nullptr;
  const char* wrong = nullptr;
  if (state_ == State::field) {
    wrong = begin_value();
  } else if (state_ == State::length) {
    wrong = begin_length();
  } else {
    state_ = State::field;
  }
  varint_ = 0;
  shift_ = 0;
  return wrong;
}

const char* SandboxList::begin_value() {
  const auto wire = static_cast<std::uint8_t>(varint_ & 7U);
  is_item_ = varint_ >> 3U == items_field;
  value_left_ = wire == fixed64 ? 8 : 4;
  if (wire == varint) {
    state_ = State::number;
  } else if (wire == length_delimited) {
    state_ = State::length;
  } else if (wire == fixed64 || wire == fixed32) {
    state_ = State::skip;
  } else {
    return "it is no protocol buffer";
  }
  return state_ == State::skip && value_left_ > left_ ? "it is no protocol buffer" : nullptr;
}

const char* SandboxList::begin_length() {
  if (varint_ > left_) return "it is no protocol buffer";
  value_left_ = static_cast<std::size_t>(varint_);
  const bool too_large = value_left_ > max_item;
  if (is_item_ && too_large) ++passed_over_;
  state_ = is_item_ && !too_large ? State::item : State::skip;
  if (value_left_ != 0) return nullptr;
  if (is_item_) take_({});
  state_ = State::field;
  return nullptr;
}

}  // namespace iopslimit
