// SPDX-License-Identifier: Apache-2.0
// podman's list, and the JSON within its JSON.
#include <array>
#include <cstdint>
#include <string>

#include "record_text.hpp"
#include "runtime/podman.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  static PodmanSource source({});
  constexpr std::array<std::string_view, 3> keys{"name", "image-name", "image-id"};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string json(bytes);
  if (bytes.starts_with('=')) {
    json = R"([{"id":"a","metadata":"{}"},{"id":"i","names":["n"],"metadata":)" +
           quoted(object_of(bytes.substr(1), keys)) + "}]";
  } else if (bytes.starts_with('+')) {
    json = R"([{"id":"i","names":["n"],"metadata":)" + quoted(bytes.substr(1)) + "}]";
  }
  const RecordAnswer answer = source.parse(FileText(json), "i");
  check(answer, RuntimeHint::podman);
  const auto* record = std::get_if<Record>(&answer);
  must(record == nullptr || (!record->sandbox && record->pod.empty()));
  const bool built = bytes.starts_with('=') || bytes.starts_with('+');
  must(!built || record == nullptr || !record->name.empty());
  return 0;
}
