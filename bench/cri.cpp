// SPDX-License-Identifier: Apache-2.0
// bench_cri SOCKET PODS STEP: a runtime's CRI socket that lists PODS pods, whose uids count in
// STEPs, until it is killed. Each pod has the label tier = gold.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/fake_cri.hpp"

int main(int count, char** words) {
  constexpr int expected = 4;
  constexpr int base = 10;
  if (count != expected) return 2;
  iopslimit::FakeCri runtime(words[1]);
  std::vector<iopslimit::FakeSandbox> pods;
  const unsigned long step = std::strtoul(words[3], nullptr, base);
  for (unsigned long pod = 0; pod < std::strtoul(words[2], nullptr, base); ++pod) {
    char uid[64];
    std::snprintf(uid, sizeof uid, "0a1b2c3d-0000-4000-8000-%012lx", pod * step);
    pods.push_back({.uid = uid, .name = "db-0", .labels = {{"tier", "gold"}}});
  }
  runtime.set(pods);
  std::puts("listens");
  std::fflush(stdout);
  for (;;) pause();
}
