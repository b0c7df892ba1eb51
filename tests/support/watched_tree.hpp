// SPDX-License-Identifier: Apache-2.0
// A temporary tree with a TreeWatcher on it that remembers what it told.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <set>
#include <string>
#include <vector>

#include "cgroup/tree_watcher.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {

struct WatchedTree : testing::Test {
  explicit WatchedTree(WatchOptions requested = {}) : places(requested) {}

  TempTree tree;
  WatchOptions places;
  std::set<std::string> appeared;
  std::vector<std::string> order;  // the same as it was told, with doubles
  std::vector<std::string> vanished;
  std::set<std::string> unfamiliar;
  std::vector<std::string> warnings;
  int lost = 0;
  TreeWatcher watch{
      tree.root(),
      places,
      {.appeared =
           [this](const ContainerPath& one) {
             EXPECT_EQ(one, parse_cgroup(one.cgroup, places.standalone));
             if (is_unfamiliar(one)) return;
             appeared.insert(one.cgroup);
             order.push_back(one.cgroup);
           },
       .vanished = [this](const ContainerPath& path) { vanished.push_back(path.cgroup); },
       .lost = [this] { ++lost; },
       .warn = [this](const std::string& text) { warnings.push_back(text); }}};

  bool readable() const {
    pollfd event{.fd = watch.fd(), .events = POLLIN, .revents = 0};
    return poll(&event, 1, 0) == 1;
  }
  /// All of them. Events are queued before the call that caused them returns: no waiting.
  void read() {
    do watch.read_events();
    while (readable());
  }
  bool is_unfamiliar(const ContainerPath& one) {
    if (one.kind == CgroupKind::unfamiliar) unfamiliar.insert(one.cgroup);
    return one.kind == CgroupKind::unfamiliar;
  }
  std::vector<std::string> scan() {
    std::vector<std::string> seen;
    for (const ContainerPath& one : watch.scan()) {
      EXPECT_EQ(one, parse_cgroup(one.cgroup, places.standalone));
      if (!is_unfamiliar(one)) seen.push_back(one.cgroup);
    }
    return seen;
  }
};

}  // namespace iopslimit
