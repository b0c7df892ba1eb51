// SPDX-License-Identifier: Apache-2.0
// What the service tells other programs of the node, as it does so, for the tests of the files that
// these programs read. Usage: sample_node_reports features|messages
#include <cstdio>
#include <filesystem>
#include <string>

#include "control/data_mounts.hpp"
#include "control/pods_total.hpp"
#include "disk/mount_resolver.hpp"
#include "metrics/node_features.hpp"
#include "report/event.hpp"
#include "support/parsed_path.hpp"
#include "support/recording_backend.hpp"
#include "support/sample_snapshot.hpp"
#include "support/stacks.hpp"
#include "support/temp_tree.hpp"

namespace {

using namespace iopslimit;

constexpr Devnum disk{259, 0};

void print(const char* reason, const Event& event) {
  std::printf("%s\t%s\n", reason, event.text.c_str());
}

void print(const char* reason, DataMounts& mounts, const MountFacts& facts,
           const std::vector<SystemMount>& system_mounts = {}) {
  for (const Event& event : mounts.scan({.mounts = {facts}, .system_mounts = system_mounts}))
    print(reason, event);
}

void print_mounts() {
  TempTree tree;
  tree.folder("plain");
  tree.file("mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / " + tree.at("auto") +
                             " rw - autofs auto rw\n3 1 0:8 / " + tree.at("memory") +
                             " rw - tmpfs tmpfs rw\n");
  const MountResolver resolver(tree.at("mountinfo"));
  for (const char* one : {"plain", "nothing", "auto", "memory"}) {
    DataMounts mounts{Config{}};
    print("IopsMountUnlimited", mounts, resolver.find(tree.at(one)));
  }
  Config refusing;
  refusing.device.shared_disk = SharedDisk::refuse;
  DataMounts mounts{refusing};
  print("IopsMountUnlimited", mounts, on_partition(disk), {{.path = "/", .devices = {disk}}});
  DataMounts good{Config{}};
  print("-", good, on_partition(disk));
}

struct Printer final : EventSink {
  void emit(const Event& event) override { print("IopsLimitNotTaken", event); }
};

void print_limits() {
  const WorkloadView db = sample_container('a', "shop", "db-0", "db");
  const Event event = workload_event(db.path, nullptr);
  print("IopsLimitNotTaken", not_limited(event, db.rules, ControlError::not_held));
  print("IopsLimitChanged", repaired(event, db.rules.front(), symmetric(7)));
  print("-", decided(event, {.reason = "[limits] iops (default)"}, db.rules, std::nullopt));
  print("-", reloaded(1, 2));
  RecordingBackend kernel;
  kernel.failures["/kubepods"] = ControlError::not_held;
  RuleStore held{kernel, {}, [](const std::string&) {}};
  Printer printer;
  PodsTotal total{held, printer};
  DataMounts mounts{Config{}};
  mounts.scan({.mounts = {on_partition(disk)}, .system_mounts = {}});
  if (!total.apply("/kubepods", mounts)) std::printf("!\tthe total was taken\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 2 ? argv[1] : "";
  if (what == "features") {
    Snapshot snapshot = sample_snapshot();
    snapshot.devices[1].state = DeviceState::limited;
    snapshot.devices[1].devices = {{259, 1}};
    std::fputs(node_features(snapshot, [](Devnum) { return "QEMU NVMe Ctrl"; }).c_str(), stdout);
    return 0;
  }
  if (what != "messages") return 2;
  print_mounts();
  print_limits();
  return 0;
}
