// SPDX-License-Identifier: Apache-2.0
// io.max and blkio.throttle.*: kernels print keys that we do not know.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "limit/limit_text.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Devnum device{259, 0};
  const Limit limit = parse_io_max(text, device);
  if (parse_io_max(format_io_max(device, limit), device) != limit) std::abort();
  const std::uint64_t value = parse_blkio(text, device);
  if (parse_blkio(format_blkio(device, value), device) != value) std::abort();
  return 0;
}
