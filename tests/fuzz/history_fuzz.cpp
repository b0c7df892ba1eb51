// SPDX-License-Identifier: Apache-2.0
// /var/lib/iops-limitd/history: whatever is in it, the advice is made of finite numbers, and what
// is accepted can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "advice/advice.hpp"
#include "advice/history_file.hpp"

namespace {

// The fuzzer does not find a checksum: it is told.
std::string with_sum(std::string body) {
  if (body.empty() || body.back() != '\n') body += '\n';
  std::uint64_t sum = 14695981039346656037ULL;
  std::size_t lines = 0;
  for (const char letter : body) {
    sum = (sum ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
    if (letter == '\n') ++lines;
  }
  const std::size_t workloads = lines < 2 ? 0 : lines - 2;
  return body + "end " + std::to_string(workloads) + " " + std::to_string(sum) + "\n";
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  constexpr std::chrono::hours half_life(24);
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_history(text, half_life));
  auto history = parse_history(with_sum(text), half_life);
  if (!history) return 0;
  for (const Advice& one : advice_after(*history)) {
    constexpr std::uint64_t most = 1000000000000;
    if (one.read.target > most || one.write.high > most || one.read.at_limit_permille > 1000)
      std::abort();
  }
  if (!parse_history(text_of(*history), half_life)) std::abort();
  return 0;
}
