// SPDX-License-Identifier: Apache-2.0
// A bundle holds what a pod's author wrote: environment, arguments, annotations.
#include <cstdint>
#include <string>

#include "core/policy.hpp"
#include "core/record.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  static RecordParser parser;
  static const Config config;
  std::string text(reinterpret_cast<const char*>(data), size);
  const RecordAnswer answer = parser.parse_containerd(text);
  if (const auto* record = std::get_if<Record>(&answer)) static_cast<void>(decide(config, record));
  return 0;
}
