// SPDX-License-Identifier: Apache-2.0
// A controller for tests, with a backend that remembers and a work queue that the test runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/controller.hpp"
#include "support/recording_backend.hpp"

namespace iopslimit {

struct DrivenController {
  RecordingBackend kernel;
  Announcer announcer;
  WorkQueue work;
  std::unique_ptr<Allocator> allocator;
  std::optional<Controller> controller;
  std::vector<Event> delivered;
  std::vector<std::string> retried;   // cgroups without a limit file
  std::vector<std::string> verified;  // cgroups whose first rules were not read back

  DrivenController() {
    announcer.add_listener([this](const Event& event) { delivered.push_back(event); });
    work.set_workers(
        {.retry = [this](const std::string& cgroup) { retried.push_back(cgroup); },
         .rebalance = [this] { controller->rebalance(); },
         .repair = [this](const std::string& cgroup) { controller->on_written(cgroup); },
         .verify = [this](const std::string& cgroup) { verified.push_back(cgroup); },
         .follow = [](const std::string&) {},
         .announce = [this] { return announcer.deliver_one(); },
         .read = [](const std::string&) { return true; }});
  }
  Controller& start(Config config = {}, std::vector<RuleKey> ours = {},
                    CgroupVersion version = CgroupVersion::v2) {
    kernel.can = capabilities_of(version);
    return start_with(make_allocator(kernel.can), std::move(config), std::move(ours));
  }
  Controller& start_with(std::unique_ptr<Allocator> with, Config config = {},
                         std::vector<RuleKey> ours = {}) {
    announcer.settle();  // its events point to workloads of the controller
    controller.reset();
    allocator = std::move(with);
    return controller.emplace(
        Controller::Parts{
            .backend = kernel, .allocator = *allocator, .announcer = announcer, .work = work},
        std::move(config), std::move(ours));
  }
  const Node& node() const { return controller->node(); }
  void rebalance() {
    while (work.wants_rebalance()) work.run_one();
  }
  /// Runs all deferred work and returns the events of it all.
  std::vector<Event> take_events() {
    while (announcer.deliver_one()) {
    }
    return std::exchange(delivered, {});
  }
};

/// Facts about a directory without a record.
inline ContainerPath directory(const std::string& cgroup) {
  return parse_cgroup(cgroup);
}

}  // namespace iopslimit
