// SPDX-License-Identifier: Apache-2.0
// What callgrind counts the instructions of, from measured() to its end; the rest is preparation.
//   instructions WHAT COUNT [RECORD]     RECORD: a file, as containerd writes it
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/controller.hpp"
#include "control/fair_share.hpp"
#include "limit/limit_text.hpp"
#include "policy/policy.hpp"
#include "runtime/containerd.hpp"
#include "support/parsed_path.hpp"
#include "support/real_service.hpp"
#include "support/stacks.hpp"

// C linkage: callgrind is told this name.
extern "C" [[gnu::noinline]] void measured(const std::function<void()>& work) {
  work();
}

namespace {

using namespace iopslimit;

std::size_t sum = 0;  // of every result: nothing is optimised away

std::string cgroup_of(std::size_t number) {
  const std::string digits = std::to_string(100000000000 + number);
  const std::string id = std::string(52, 'a') + digits;
  return "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_0000_4000_8000_" +
         digits + ".slice/cri-containerd-" + id + ".scope";
}

std::string text_of(const char* file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Config config(std::size_t policies) {
  Config config;
  for (std::size_t i = 0; i < policies; ++i) {
    const std::string name = std::to_string(i);
    config.policies.push_back(
        {name, {.globs = {{"namespace", "other-" + name + "-*"}}, .limits = {.iops = 700}}});
  }
  return config;
}

/// A kernel that takes everything, in no time.
class Kernel final : public LimitBackend {
 public:
  explicit Kernel(CgroupVersion version) : can_(capabilities_of(version)) {}
  Capabilities capabilities() const override { return can_; }
  std::error_code set(const RuleKey&, const Limit& limit, const Limit&) override {
    sum += limit.read_iops;
    return {};
  }
  std::error_code create(const RuleKey& key, const Limit& limit) override {
    return set(key, limit, Limit{});
  }
  std::optional<Limit> read(const RuleKey&) override { return symmetric(500); }
  void drop(const RuleKey&) override {}

 private:
  Capabilities can_;
};

/// A controller with a number of containers to deal with.
struct Load {
  Load(std::size_t count, CgroupVersion version, std::uint64_t total)
      : kernel(version),
        allocator(std::make_unique<FairShare>(make_allocator(kernel.capabilities()))),
        controller(
            {.backend = kernel, .allocator = *allocator, .announcer = announcer, .work = work},
            config_with(total), {}) {
    work.set_workers(
        {.retry = [](const std::string&) {},
         .rebalance = [this] { controller.rebalance(); },
         .repair = [](const std::string&) {},
         .verify = [this](const std::string& cgroup) { controller.on_written(cgroup); },
         .follow = [](const std::string&) {},
         .announce = [this] { return announcer.deliver_one(); }});
    announcer.add_listener([](const Event& event) { sum += event.text.size(); });
    controller.on_disks({.mounts = {on_partition()}, .system_mounts = {}, .identities = {}});
    for (std::size_t i = 0; i < count; ++i)
      listing.containers.push_back(
          {parse_cgroup(cgroup_of(i)), Record{.runtime = RuntimeHint::containerd,
                                              .name = "web",
                                              .image = "example.org/web:1",
                                              .pod = "web-0",
                                              .pod_namespace = "shop"}});
  }
  static Config config_with(std::uint64_t total) {
    Config limits;
    limits.total_iops = total;
    return limits;
  }
  void appear() {
    for (const ListedContainer& one : listing.containers)
      controller.on_appeared(one.path, one.record);
    drain();
  }
  void drain() {
    while (work.run_one()) {
    }
    sum += controller.node().status().size();
  }

  Kernel kernel;
  std::unique_ptr<Allocator> allocator;
  Announcer announcer;
  WorkQueue work;
  Controller controller;
  Listing listing;
};

void floor_of_a_path(std::size_t count) {
  const std::string cgroup = cgroup_of(1);
  measured([&] {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string copy = cgroup;
      std::string_view rest = copy;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('/'), rest.size() - 1);
        sum += end;
        rest.remove_prefix(end + 1);
      }
    }
  });
}

void path(std::size_t count) {
  const std::string cgroup = cgroup_of(1);
  measured([&] {
    for (std::size_t i = 0; i < count; ++i) sum += parse_container_path(cgroup)->id.size();
  });
}

void floor_of_a_decision(std::size_t count, const std::string& record) {
  simdjson::dom::parser parser;
  sum += 1U + parser.parse(record).error();  // buffers grow
  measured([&] {
    for (std::size_t i = 0; i < count; ++i) sum += 1U + parser.parse(record).error();
  });
}

void decision(std::size_t count, std::size_t policies, const std::string& record) {
  const Config limits = config(policies);
  const ContainerPath container = *parse_container_path(cgroup_of(1));
  ContainerdSource source({}, {}, RuntimeType::automatic, requested_by(limits));
  const FileText text(record);
  const auto decide_one = [&] {
    const auto answer = source.parse(text, container);
    const Decision made = decide(limits, container, std::get_if<Record>(&answer));
    sum += std::string_view(format_io_max({259, 0}, made.limits.at(0))).size();
  };
  decide_one();
  measured([&] {
    for (std::size_t i = 0; i < count; ++i) decide_one();
  });
}

void appear(std::size_t count, CgroupVersion version, std::uint64_t total) {
  Load node(count, version, total);
  measured([&] { node.appear(); });
}

void rescan(std::size_t count) {
  Load node(count, CgroupVersion::v2, 3000);
  node.appear();
  measured([&] {
    node.controller.on_rescan(node.listing);
    node.drain();
  });
}

void reload(std::size_t count) {
  Load node(count, CgroupVersion::v2, 3000);
  node.appear();
  measured([&] {
    node.controller.on_config(config(1), node.listing);
    node.drain();
  });
}

void snapshot(std::size_t count) {
  Load node(count, CgroupVersion::v2, 3000);
  node.appear();
  measured([&] { sum += node.controller.node().snapshot().containers.size(); });
}

void vanish(std::size_t count) {
  Load node(count, CgroupVersion::v2, 3000);
  node.appear();
  measured([&] {
    for (const ListedContainer& one : node.listing.containers)
      node.controller.on_vanished(one.path);
    node.drain();
  });
}

// From each event to the written limit, by the whole service.
void event(std::size_t count, CgroupVersion version, const std::string& record) {
  RealService service(version);
  constexpr unsigned warm_up = 3;  // buffers grow
  for (unsigned number = 0; number < warm_up + count; ++number) {
    service.finish();
    const std::string cgroup = service.make(number, 0, record);
    if (number < warm_up) {
      service.turn();
    } else {
      measured([&] { service.turn(); });
    }
    if (!service.limited(cgroup)) std::abort();
    ++sum;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const std::size_t count = std::strtoul(argv[2], nullptr, 10);
  const std::string record = argc > 3 ? text_of(argv[3]) : "";
  constexpr std::size_t times = 100;
  const std::map<std::string_view, std::function<void()>> all{
      {"floor_of_a_path", [&] { floor_of_a_path(times); }},
      {"path", [&] { path(times); }},
      {"floor_of_a_decision", [&] { floor_of_a_decision(times, record); }},
      {"decision", [&] { decision(times, count, record); }},
      {"appear", [&] { appear(count, CgroupVersion::v2, 3000); }},
      {"appear_v1", [&] { appear(count, CgroupVersion::v1, 3000); }},
      {"rescan", [&] { rescan(count); }},
      {"reload", [&] { reload(count); }},
      {"overview", [&] { snapshot(count); }},
      {"vanish", [&] { vanish(count); }},
      {"event", [&] { event(count, CgroupVersion::v2, record); }},
      {"event_v1", [&] { event(count, CgroupVersion::v1, record); }}};
  const auto work = all.find(argv[1]);
  if (work == all.end()) return 64;
  work->second();
  return sum == 0 ? 1 : 0;
}
