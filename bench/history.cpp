// SPDX-License-Identifier: Apache-2.0
// Milliseconds to load a history in which every bucket of 1,000 workloads is filled, and to make
// the advice from it: bench_history FILE ROUNDS prints both for each round.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "advice/advice.hpp"
#include "advice/history_file.hpp"

namespace {

using namespace iopslimit;

constexpr int workloads = 1000;
constexpr double most_iops = 1e6;
constexpr Minute start = 29000000;

History full_history() {
  History history{std::chrono::hours(72)};
  std::uint64_t round = 0;
  Minute now = start;
  for (double iops = 1; iops < most_iops; iops *= 1.1, ++now) {
    ++round;
    for (int number = 0; number < workloads; ++number) {
      const WorkloadKey key{"namespace-" + std::to_string(number % 40),
                            "workload-" + std::to_string(number), "container"};
      WorkloadHistory* workload = history.see(key, {.limits = {500, 500}}, now, round);
      if (workload == nullptr) std::abort();
      UsageSample sample{.seconds = 15};
      for (UsageSample::Way& way : sample.ways) way.iops = iops;
      history.add(*workload, sample, now);
    }
  }
  history.finish_before(now);
  return history;
}

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  History written = full_history();
  if (save_history(argv[1], written)) return 1;
  for (int round = std::atoi(argv[2]); round > 0; --round) {
    const auto begin = std::chrono::steady_clock::now();
    LoadedHistory loaded = load_history(argv[1], std::chrono::hours(72));
    const double loading = milliseconds_since(begin);
    if (!loaded.problem.empty() || loaded.history.workloads().size() != workloads) return 1;
    const auto loaded_at = std::chrono::steady_clock::now();
    if (advice_after(loaded.history).size() != workloads) return 1;
    std::printf("%f %f\n", loading, milliseconds_since(loaded_at));
  }
}
