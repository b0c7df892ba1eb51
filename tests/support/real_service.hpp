// SPDX-License-Identifier: Apache-2.0
// The whole service for tests, on a temporary tree in the place of the cgroup hierarchy and with a
// real disk of this machine, on which nothing is limited: the limit files are plain files.
#pragma once

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "disk/placement.hpp"
#include "service/service.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {

class RealService {
 public:
  /// `socket`: where the runtime listens; it belongs to whoever runs the test.
  explicit RealService(CgroupVersion version, unsigned pods = 1,
                       std::vector<NamedPolicy> policies = {}, std::string bus_address = {},
                       std::string socket = {})
      : version_(version),
        policies_(std::move(policies)),
        bus_address_(std::move(bus_address)),
        socket_(std::move(socket)) {
    for (unsigned number = 0; number < pods; ++number) tree_.folder("/cgroup" + pod(number));
    for (const char* folder : {"/made", "/run", records}) tree_.folder(folder);
    if (bus_address_.empty()) bus_address_ = "unix:path=" + tree_.at("/no-bus");
    restart();
  }

  void restart() {
    service_.reset();
    ServicePaths paths{.config_file = tree_.at("/iops-limitd.conf"),
                       .run_folder = tree_.at("/run"),
                       .state_folder = tree_.at("/var"),
                       .bus_address = bus_address_,
                       .hierarchy = Hierarchy{version_, tree_.at("/cgroup")},
                       .log = LogForm::json,
                       .sockets = {.client = {.owner = geteuid()}}};
    paths.sockets.places = [socket = socket_](const auto&) {
      std::vector<RuntimeSocket> places;
      if (!socket.empty()) places.push_back({socket, RuntimeHint::containerd});
      return places;
    };
    service_.emplace(std::move(paths), ParsedConfig{config(), {}});
    service_->start();
  }
  /// Reloads with another limit for each container.
  void reload(unsigned iops) {
    const Config now = config();
    tree_.file("/iops-limitd.conf",
               "[device]\nmount = " + now.device.mount +
                   "\nshared_disk = allow\n[limits]\niops = " + std::to_string(iops) +
                   "\ntotal_iops = 0\n[runtime]\nstate = " + now.state_folders.front() +
                   "\n[service]\ncheck_interval = 0\n");
    kill(getpid(), SIGHUP);
    finish();
  }

  static std::string pod(unsigned number) {
    std::string digits = std::to_string(number);
    digits.insert(0, 12 - digits.size(), '0');
    return "/kubepods.slice/kubepods-burstable.slice/"
           "kubepods-burstable-pod0a1b2c3d_0000_4000_8000_" +
           digits + ".slice";
  }
  /// Makes everything of a container, and its cgroup last. Returns the path of the cgroup. With
  /// `refused` it cannot be limited: its limit files are links, which the service does not follow.
  std::string make(unsigned number, unsigned in_pod, const std::string& record = usual_record(),
                   bool refused = false) {
    const std::string digits = std::to_string(100000000000 + number);
    const std::string id = std::string(52, 'a') + digits;
    const std::string name = "cri-containerd-" + id + ".scope";
    tree_.folder("/made/" + name);
    for (const std::string file : limit_files()) {
      if (refused) {
        std::filesystem::create_symlink("/nowhere", tree_.at("/made/" + name + "/" + file));
      } else {
        tree_.file("/made/" + name + "/" + file);
      }
    }
    tree_.file(std::string(records) + "/" + id + "/config.json", record);
    const std::string cgroup = pod(in_pod) + "/" + name;
    std::filesystem::rename(tree_.at("/made/" + name), tree_.at("/cgroup" + cgroup));
    return cgroup;
  }
  /// Handles one event: that of the last container, which comes before everything else.
  void turn() {
    constexpr std::uint64_t most_usec = 30000000;
    if (sd_event_run(service_->loop().event(), most_usec) < 0)
      throw std::runtime_error("sd_event_run");
  }
  /// Handles events until this is true; fails after 30 seconds.
  void turn_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      turn();
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("it did not happen");
    }
  }
  /// Another process writes to the limit file of a cgroup.
  void change(const std::string& cgroup, const std::string& text) {
    tree_.file("/cgroup" + cgroup + "/" + limit_files().front(), text);
  }
  bool limited(const std::string& cgroup, const std::string& to = "500") const {
    return tree_.text("/cgroup" + cgroup + "/" + limit_files().front()).find(to) !=
           std::string::npos;
  }
  /// Handles everything that is left, which includes what waits for the end of a burst.
  void finish() {
    const auto usec = 4 * std::chrono::microseconds(Burst::pause).count();
    while (sd_event_run(service_->loop().event(), static_cast<std::uint64_t>(usec)) > 0) {
    }
  }
  const Node& node() const { return service_->node(); }
  /// What a file of the temporary tree contains.
  std::string text(const std::string& path) const { return tree_.text(path); }
  EventLoop& loop() { return service_->loop(); }

  static std::string usual_record() {
    return R"({"ociVersion":"1.1.0","annotations":{
      "io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"database",
      "io.kubernetes.cri.image-name":"docker.io/library/postgres:16",
      "io.kubernetes.cri.sandbox-id":"5555555555555555555555555555555555555555555555555555555555555555",
      "io.kubernetes.cri.sandbox-name":"database-0","io.kubernetes.cri.sandbox-namespace":"shop"}})";
  }

 private:
  static constexpr const char* records = "/state/io.containerd.runtime.v2.task/k8s.io";

  std::vector<const char*> limit_files() const {
    if (version_ == CgroupVersion::v2) return {"io.max"};
    return {"blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
            "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"};
  }
  // The first mount of this machine on which a limit can be placed.
  static std::string data_mount() {
    const MountResolver resolver;
    std::ifstream file("/proc/self/mountinfo");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const Mount& mount : parse_mountinfo(text)) {
      const MountFacts facts = resolver.find(mount.mount_point);
      const auto* stack = std::get_if<DataStack>(&facts);
      if (stack == nullptr) continue;
      const auto placed = place_rules(*stack, LimitAt::volume);
      if (const auto* placement = std::get_if<Placement>(&placed);
          placement != nullptr && placement->rules.size() == 1)
        return mount.mount_point;
    }
    throw std::runtime_error("no mount of this machine is on a disk that can be limited");
  }
  Config config() const {
    Config config;
    config.device.mount = data_mount();
    config.device.shared_disk = SharedDisk::allow;
    config.total_iops = 0;
    config.policies = policies_;
    config.check_interval = std::chrono::seconds(0);
    config.state_folders = {tree_.at("/state")};
    config.written["[limits]"] = {"/etc/iops-limitd/iops-limitd.conf", 12};
    return config;
  }

  CgroupVersion version_;
  std::vector<NamedPolicy> policies_;
  std::string bus_address_;
  std::string socket_;  // of the runtime; empty: there is none
  TempTree tree_;
  std::optional<Service> service_;
};

}  // namespace iopslimit
