// SPDX-License-Identifier: Apache-2.0
// Connects the parts of the service to the controller: passes each fact to the part that needs it,
// and runs deferred work when a burst is over.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cgroup/hierarchy.hpp"
#include "cgroup/tree_watcher.hpp"
#include "control/controller.hpp"
#include "control/operator.hpp"
#include "disk/block_events.hpp"
#include "disk/mount_resolver.hpp"
#include "limit/drift_watcher.hpp"
#include "limit/dry_run.hpp"
#include "limit/ownership_log.hpp"
#include "loop/event_loop.hpp"
#include "metrics/exporter.hpp"
#include "report/journal.hpp"
#include "report/rate_limiter.hpp"
#include "runtime/record_files.hpp"
#include "runtime/record_watcher.hpp"
#include "service/burst.hpp"
#include "systemd/notify.hpp"
#include "systemd/unit_mirror.hpp"

namespace iopslimit {

/// The configuration requires something that this node cannot do. what() is "file:line: message";
/// the exit status 78 keeps systemd from restarting the service.
struct ConfigRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Settings outside of the configuration: they are needed before it is read.
struct Surroundings {
  LogForm log = LogForm::automatic;
  /// The file that lists the node's mounts. In a container with the node's PID namespace it is the
  /// file of PID 1: the container's own mounts may be bind mounts of something that is not mounted
  /// on the node.
  std::string mountinfo = "/proc/self/mountinfo";
};

class Service {
 public:
  /// `parsed` must have no errors. Throws ConfigRefused, or another exception if the machine lacks
  /// what the service needs.
  Service(std::string config_file, ParsedConfig parsed, const Surroundings& around);

  /// Does the first pass, notifies systemd (READY), then handles events until SIGTERM or SIGINT.
  void run();

 private:
  void connect();
  void read_cgroups();
  void read_cgroup_events();
  void start_safety_net(const Config& config);
  void container_appeared(const ContainerPath& path);
  void await_record(const ContainerPath& path);
  void seen(const TreeWatcher::Seen& one);
  Listing list(Standalone standalone, bool reread);
  void rescan();
  void await_records(const Listing& listing);
  void follow_anew();
  void scan_disks();
  std::vector<std::string> reload();
  void stop();

  void run_deferred();
  void drain();
  bool run_one();
  void finish_batch();
  void retry_controllers();
  void follow_limit(const std::string& cgroup, bool unread);
  void send_summaries();
  void announce(const Event& event);
  std::string status() const;

  std::string config_file_;
  Journal journal_;
  RateLimiter rate_limiter_;
  EventLoop loop_;
  Notifier service_;
  Hierarchy hierarchy_;
  std::unique_ptr<LimitBackend> files_;
  std::unique_ptr<LimitBackend> backend_;
  std::optional<RecordFiles> records_;
  RecordWatcher record_watcher_;
  TreeWatcher tree_watcher_;
  DriftWatcher drift_watcher_;
  std::vector<std::string> to_follow_;  // cgroups that may have no watch yet
  std::set<std::string> written_;       // cgroups whose limit files were written
  std::set<std::string> to_repair_;     // those of them that are due for a check
  MountResolver mount_resolver_;
  BlockEvents block_events_;
  std::unique_ptr<Controller> controller_;
  std::optional<Operator> operator_;
  std::optional<UnitMirror> unit_mirror_;  // empty in a dry run
  std::optional<MetricsExporter> metrics_;
  bool config_refused_ = false;
  Burst burst_;
  bool cgroup_came_ = false;  // among the events being read
};

}  // namespace iopslimit
