// SPDX-License-Identifier: Apache-2.0
#include "calibrate/refusal.hpp"

#include <algorithm>
#include <cmath>

namespace iopslimit {
namespace {

constexpr double most_busy = 0.10;

std::string gibibytes(std::uint64_t bytes) {
  constexpr unsigned tenths_shift = 30;
  const std::uint64_t tenths = (bytes * 10) >> tenths_shift;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GiB";
}

std::string per_cent(double share) {
  constexpr double hundred = 100;
  return std::to_string(std::lround(share * hundred)) + " %";
}

}  // namespace

std::uint64_t file_bytes(std::uint64_t free_bytes) {
  constexpr std::uint64_t usual = std::uint64_t{1} << 30U;
  constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
  constexpr std::uint64_t tenth = 10;
  return std::min(usual, free_bytes / tenth / mebibyte * mebibyte);
}

std::vector<std::string> refusals(const CalibrationFacts& facts, bool yes) {
  if (facts.in_container)
    return {"iopsctl runs in a container, whose own limit would be measured: run it on the host"};
  if (!facts.not_usable.empty()) return {facts.not_usable};
  std::vector<std::string> all;
  if (facts.free_bytes < least_free_bytes)
    all.push_back("only " + gibibytes(facts.free_bytes) + " are free on " + facts.mount +
                  ", at least " + gibibytes(least_free_bytes) +
                  " are needed: a full disk is slower, and others could run out of space");
  if (facts.busy > most_busy && !yes)
    all.push_back("the disk of " + facts.mount + " is busy " + per_cent(facts.busy) +
                  " of the time: stop what uses it, or measure what is left of it with --yes");
  if (facts.containers != 0 && !yes)
    all.push_back("containers run on this node (" + std::to_string(facts.containers) +
                  "), and their I/O would wait: drain the node, or accept that with --yes");
  return all;
}

}  // namespace iopslimit
