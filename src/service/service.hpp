// SPDX-License-Identifier: Apache-2.0
// The service: builds its parts from injected paths and passes each fact to the part that needs it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cgroup/hierarchy.hpp"
#include "control/controller.hpp"
#include "control/fair_share.hpp"
#include "control/operator.hpp"
#include "disk/block_events.hpp"
#include "disk/mount_resolver.hpp"
#include "limit/drift_watcher.hpp"
#include "loop/event_loop.hpp"
#include "loop/io.hpp"
#include "loop/signal.hpp"
#include "loop/timer.hpp"
#include "report/journal.hpp"
#include "report/rate_limiter.hpp"
#include "service/discovery.hpp"
#include "service/node_files.hpp"
#include "service/observer.hpp"
#include "service/repeated_changes.hpp"
#include "service/scheduler.hpp"
#include "service/sharing.hpp"
#include "systemd/notify.hpp"
#include "systemd/unit_mirror.hpp"

namespace iopslimit {

/// The configuration requires something that this node cannot do. what() is "file:line: message";
/// the exit status 78 keeps systemd from restarting the service.
struct ConfigRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The paths at which the service finds the machine, and those of its own files.
struct ServicePaths {
  std::string config_file;
  std::string run_folder = "/run/iops-limitd";
  std::string state_folder = "/var/lib/iops-limitd";
  /// The file that lists the node's mounts. In a container with the node's PID namespace it is the
  /// file of PID 1: the container's own mounts may be bind mounts of something that is not mounted
  /// on the node.
  std::string mountinfo = "/proc/self/mountinfo";
  std::string bus_address = system_bus_address();
  std::optional<Hierarchy> hierarchy = std::nullopt;  ///< nullopt: the one that is mounted
  LogForm log = LogForm::automatic;
  PodQuestions::Options sockets = {};  ///< of the runtimes

  /// The service's rules, and what it lent, so that a restart knows them.
  std::string rules() const { return run_folder + "/rules"; }
  std::string loans() const { return run_folder + "/loans"; }
  /// What containers used.
  std::string history() const { return state_folder + "/history"; }
};

class Service {
 public:
  /// `parsed` must have no errors. Throws ConfigRefused, or another exception if the machine lacks
  /// what the service needs.
  Service(ServicePaths paths, ParsedConfig parsed);

  /// Does the first pass. Notifies systemd (READY) when every limit is in force, before they are
  /// read back, watched and announced.
  void start();
  /// Starts, then handles events until SIGTERM or SIGINT.
  void run() {
    start();
    loop_.run();
  }

  EventLoop& loop() { return loop_; }
  const Node& node() const { return controller_.node(); }

 private:
  void set_workers();
  void connect();
  bool read_cgroups();
  void read_inotify();
  void hear_inotify();
  void check(const std::function<void()>& in_force = [] {});
  void check_problems();
  void scan_disks();
  std::optional<DiskFacts> disks_for(const Config& config);
  std::vector<std::string> reload();
  BusService::PreviewAnswer preview(const Replacement& instead);
  void put_in_force(Config config);
  void stop();
  void finish_batch();
  void follow(const std::string& cgroup, bool unread);
  void warn_degraded(const std::string& text) {
    journal_.log(Severity::warning, Action::watch_degraded, text);
  }
  void send_summaries();
  void write_to_journal(const Event& event);
  std::string status() const;

  ServicePaths paths_;
  EventLoop loop_;
  Journal journal_;
  RateLimiter rate_limiter_;
  Notifier notifier_;
  HeldHierarchy hierarchy_;
  Inotify inotify_;  // of the limit files and the records
  std::unique_ptr<LimitBackend> files_;
  std::unique_ptr<LimitBackend> backend_;
  FairShare share_;
  Announcer announcer_;
  WorkQueue work_;
  Controller controller_;
  DriftWatcher drift_watcher_;
  PodQuestions questions_;
  Discovery discovery_;
  MountResolver mount_resolver_;
  BlockEvents block_events_;
  Scheduler scheduler_;
  NodeFiles node_files_;
  MetricsExporter& metrics_;
  std::optional<Operator> operator_;
  std::optional<Sharing> sharing_;
  std::optional<Observer> observer_;
  std::optional<UnitMirror> unit_mirror_;  // empty in a dry run
  std::set<std::string> written_;          // cgroups whose limit files somebody wrote
  std::optional<Io> inotify_io_;           // none until a repair that follows at once
  RepeatedChanges repeated_;
  Timer repair_;
  Timer safety_net_;
  Timer problem_scan_;          // while something is not seen
  bool disks_unknown_ = false;  // the last lookup of the disks failed
  std::vector<std::unique_ptr<Io>> io_;
  std::vector<std::unique_ptr<Signal>> signals_;
  bool config_refused_ = false;
  unsigned reloads_ = 0;
};

}  // namespace iopslimit
