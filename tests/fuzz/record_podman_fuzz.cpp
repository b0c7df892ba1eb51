// SPDX-License-Identifier: Apache-2.0
// podman's list, and the JSON within its JSON.
#include <array>
#include <cstdint>
#include <string>

#include "record_text.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  static RecordParser parser;
  constexpr std::array<std::string_view, 3> keys{"name", "image-name", "image-id"};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string text(bytes);
  if (bytes.starts_with('=')) {
    text = R"([{"id":"a","metadata":"{}"},{"id":"i","names":["n"],"metadata":)" +
           quoted(object_of(bytes.substr(1), keys)) + "}]";
  } else if (bytes.starts_with('+')) {
    text = R"([{"id":"i","names":["n"],"metadata":)" + quoted(bytes.substr(1)) + "}]";
  }
  const RecordAnswer answer = parser.parse_podman(text, "i");
  check(answer, RuntimeHint::podman);
  const auto* record = std::get_if<Record>(&answer);
  must(record == nullptr || (!record->sandbox && record->pod.empty()));
  const bool built = bytes.starts_with('=') || bytes.starts_with('+');
  must(!built || record == nullptr || !record->name.empty());
  return 0;
}
