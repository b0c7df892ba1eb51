// SPDX-License-Identifier: Apache-2.0
#include "service/service.hpp"

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include "config/files.hpp"
#include "config/validation.hpp"
#include "limit/blkio_backend.hpp"
#include "limit/io_max_backend.hpp"

namespace iopslimit {
namespace {

// The delay before a repair, in case a process changes limits repeatedly.
constexpr std::chrono::milliseconds repair_delay{250};

constexpr const char* run_folder = "/run/iops-limitd";

WatchOptions watch_options(const Config& config, CgroupVersion version) {
  return {.standalone = config.standalone, .process_leaves = version == CgroupVersion::v1};
}

std::unique_ptr<LimitBackend> open_limit_files(const Hierarchy& tree) {
  if (tree.version == CgroupVersion::v2) return std::make_unique<IoMaxBackend>(tree.root);
  return std::make_unique<BlkioBackend>(tree.root);
}

// The mounts that a throttled disk could slow down.
std::vector<std::string> system_mounts(const Config& config) {
  std::vector<std::string> folders{"/",
                                   "/var/lib/kubelet",
                                   "/var/lib/containerd",
                                   "/var/lib/containers",
                                   "/var/lib/docker",
                                   "/var/lib/rancher",
                                   "/var/snap/microk8s"};
  folders.insert(folders.end(), config.state_folders.begin(), config.state_folders.end());
  return folders;
}

RecordFolders record_folders(const Config& config) {
  return known_record_folders(config.state_folders, config.containerd_namespaces);
}

}  // namespace

Service::Service(std::string config_file, ParsedConfig parsed, const Surroundings& around)
    : config_file_(std::move(config_file)),
      journal_(around.log),
      hierarchy_(find_hierarchy(parsed.config.cgroup_version)),
      files_(open_limit_files(hierarchy_)),
      records_(std::in_place, record_folders(parsed.config), parsed.config.runtime,
               requested_by(parsed.config)),
      record_watcher_([this](const ContainerPath& path) { container_appeared(path); }),
      tree_watcher_(hierarchy_.root, watch_options(parsed.config, hierarchy_.version),
                    {.appeared =
                         [this](const TreeWatcher::Seen& one) {
                           cgroup_came_ = true;
                           seen(one);
                         },
                     .vanished =
                         [this](const std::string& cgroup) {
                           record_watcher_.forget(cgroup);
                           drift_watcher_.forget(cgroup);
                           controller_->on_vanished(cgroup);
                         },
                     .lost = [this] { rescan(); },
                     .warn =
                         [this](const std::string& text) {
                           journal_.log(Severity::warning, Action::watch_degraded, text);
                         }}),
      drift_watcher_(hierarchy_.root, watches_to_spare(),
                     [this](const std::string& text) {
                       journal_.log(Severity::warning, Action::watch_degraded, text);
                     }),
      mount_resolver_(around.mountinfo) {
  for (const ConfigMessage& refused : check_on(parsed.config, hierarchy_.version))
    throw ConfigRefused(to_string(refused));
  std::vector<RuleKey> ours;
  if (parsed.config.dry_run) {
    backend_ = std::make_unique<DryRun>(*files_);
    journal_.log(Severity::notice, Action::none,
                 "dry run: every limit is decided and logged, none is written");
  } else {
    auto ledger = std::make_unique<OwnershipLog>(
        *files_, run_folder + std::string("/rules"),
        [this](const std::string& text) { journal_.log(Severity::warning, Action::none, text); });
    ours = ledger->rules();
    backend_ = std::move(ledger);
  }
  controller_ = std::make_unique<Controller>(*backend_, hierarchy_.version,
                                             std::move(parsed.config), std::move(ours));
}

void Service::run() {
  // If the kernel gives huge pages to every process that does not refuse them, a heap of some
  // megabytes grows by two megabytes (transparent_hugepage=always; prctl(2)).
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  connect();
  operator_.emplace(
      loop_, *controller_, run_folder, system_bus_address(),
      Operator::Needs{.reload = [this] { return reload(); },
                      .announce = [this](const Event& event) { journal_.send(event); },
                      .drain = [this] { drain(); }});
  if (!controller_->config().dry_run)
    unit_mirror_.emplace(loop_, *controller_, *files_, hierarchy_.version, run_folder,
                         system_bus_address(),
                         [this](const Event& event) { journal_.send(event); });
  metrics_.emplace(
      loop_, hierarchy_,
      MetricsExporter::Needs{.snapshot = [this] { return operator_->snapshot(); },
                             .announce = [this](const Event& event) { journal_.send(event); }});
  scan_disks();
  rescan();
  drain();
  malloc_trim(0);  // the memory of the first full pass is not needed again
  service_.ready(status());
  metrics_->write_to(controller_->config().metrics);
  loop_.run();
}

void Service::connect() {
  loop_.on_ready(
      tree_watcher_.fd(), EPOLLIN, [this] { read_cgroup_events(); }, true);
  loop_.on_ready(record_watcher_.fd(), EPOLLIN, [this] {
    record_watcher_.read_events();
    loop_.call_when_idle();
  });
  loop_.on_ready(mount_resolver_.fd(), EPOLLPRI, [this] {
    scan_disks();
    loop_.call_when_idle();
  });
  loop_.on_ready(block_events_.fd(), EPOLLIN, [this] {
    if (block_events_.drain()) scan_disks();
    loop_.call_when_idle();
  });
  if (!block_events_.warning().empty())
    journal_.log(Severity::warning, Action::watch_degraded, block_events_.warning());
  loop_.on_ready(drift_watcher_.fd(), EPOLLIN, [this] {
    DriftWatcher::Written written = drift_watcher_.read_events();
    written_.merge(written.cgroups);
    if (written.lost) {
      for (std::string& cgroup : controller_->holders()) written_.insert(std::move(cgroup));
    }
    loop_.ring_in(repair_delay);
  });
  loop_.on_alarm([this] {
    to_repair_.merge(written_);
    written_.clear();
    run_deferred();
  });
  loop_.on_idle([this] { run_deferred(); });
  start_safety_net(controller_->config());
  loop_.on_signal(SIGHUP, [this] { reload(); });
  loop_.on_signal(SIGTERM, [this] { stop(); });
  loop_.on_signal(SIGINT, [this] { stop(); });
  loop_.feed_watchdog();
}

void Service::read_cgroups() {
  metrics_->events_begin(controller_->writes());
  tree_watcher_.read_events();
  retry_controllers();
  metrics_->events_over();
  if (std::exchange(cgroup_came_, false)) burst_.cgroup(std::chrono::steady_clock::now());
}

void Service::read_cgroup_events() {
  read_cgroups();
  loop_.call_when_idle(Burst::pause);
  const auto now = std::chrono::steady_clock::now();
  burst_.events(now);
  if (burst_.too_long(now)) loop_.take_turns(true);
}

void Service::start_safety_net(const Config& config) {
  loop_.every(config.check_interval, [this] {
    scan_disks();
    rescan();
    drain();  // completely, like the rescan
  });
}

// The hot path, from the event to the written limit.
void Service::seen(const TreeWatcher::Seen& one) {
  if (one.kind == CgroupKind::kubepods) {
    controller_->on_kubepods(one.cgroup);
  } else if (one.kind == CgroupKind::pod) {
    controller_->on_pod(*parse_pod_path(one.cgroup));
  } else if (const auto path = parse_container_path(one.cgroup, controller_->config().standalone)) {
    container_appeared(*path);
  }
  metrics_->dealt_with(controller_->writes());
}

void Service::container_appeared(const ContainerPath& path) {
  if (controller_->has_record(path.cgroup)) return controller_->on_appeared(path, NoRecord{});
  controller_->on_appeared(path, records_->read(path));
  metrics_->dealt_with(controller_->writes());
  if (controller_->has_record(path.cgroup)) return record_watcher_.forget(path.cgroup);
  if (tree_watcher_.is_there(path.cgroup)) await_record(path);
}

// Watches for the record of a container; the caller has just failed to find it.
void Service::await_record(const ContainerPath& path) {
  // Two attempts: the record that arrives in the meantime may lack that of its sandbox, so the
  // second attempt waits for the sandbox's record.
  for (int attempt = 0; attempt < 2; ++attempt) {
    record_watcher_.await(path, records_->awaited_files(path));
    controller_->on_appeared(path, records_->read(path));
    if (controller_->has_record(path.cgroup)) return record_watcher_.forget(path.cgroup);
  }
}

// Lists the current cgroups. Reads known records again only with `reread`, because a new
// configuration may need more of their fields.
Listing Service::list(Standalone standalone, bool reread) {
  Listing listing;
  for (const TreeWatcher::Seen& one : tree_watcher_.scan()) {
    if (one.kind == CgroupKind::kubepods) listing.kubepods.push_back(one.cgroup);
    if (one.kind == CgroupKind::pod) listing.pods.push_back(*parse_pod_path(one.cgroup));
    auto path = parse_container_path(one.cgroup, standalone);
    if (!path) continue;
    const bool known = !reread && controller_->has_record(one.cgroup);
    RecordAnswer record = known ? NoRecord{} : records_->read(*path);
    listing.containers.push_back({std::move(*path), std::move(record)});
  }
  listing.whole = tree_watcher_.scan_was_whole();
  return listing;
}

void Service::rescan() {
  const Listing listing = list(controller_->config().standalone, false);
  controller_->on_rescan(listing);
  await_records(listing);
  follow_anew();
}

// Waits for each missing record at the paths where it may appear now.
void Service::await_records(const Listing& listing) {
  for (const ListedContainer& one : listing.containers) {
    if (!controller_->has_record(one.path.cgroup)) await_record(one.path);
  }
}

// Runs after a full listing: drops the watches of cgroups that the controller has released
// meanwhile, because no event would report their end.
void Service::follow_anew() {
  record_watcher_.forget_unless(
      [this](const std::string& cgroup) { return controller_->knows(cgroup); });
  drift_watcher_.forget_unless(
      [this](const std::string& cgroup) { return controller_->holds(cgroup); });
  to_follow_ = controller_->holders();
}

void Service::scan_disks() {
  const Config& config = controller_->config();
  std::vector<std::string> mounts;
  for (const DataMount& one : config.data_mounts()) mounts.push_back(one.mount);
  DiskFacts facts{.mounts = mount_resolver_.find(mounts),
                  .system_mounts = mount_resolver_.system_mounts(system_mounts(config))};
  for (const Target& target : controller_->targets()) {
    const Devnum devnum = target.device.devnum;
    facts.identities[devnum] = mount_resolver_.identity_of(devnum);
  }
  controller_->on_disks(facts);
}

// Returns the errors of the configuration; empty if it is in force.
std::vector<std::string> Service::reload() {
  service_.reloading();
  ConfigText text = read_configuration(config_file_);
  ParsedConfig parsed = build_config(text.entries);
  text.errors.insert(text.errors.end(), parsed.errors.begin(), parsed.errors.end());
  const std::vector<ConfigMessage> refused = check_on(parsed.config, hierarchy_.version);
  text.errors.insert(text.errors.end(), refused.begin(), refused.end());
  config_refused_ = !text.errors.empty();
  std::vector<std::string> wrong;
  for (const ConfigMessage& error : text.errors) wrong.push_back(to_string(error));
  for (const std::string& error : wrong) journal_.log(Severity::error, Action::config, error);
  if (config_refused_) {
    journal_.log(Severity::error, Action::config,
                 "the configuration has errors: the old one stays in force");
  } else {
    const Config& old = controller_->config();
    if (parsed.config.dry_run != old.dry_run ||
        parsed.config.cgroup_version != old.cgroup_version) {
      journal_.log(Severity::warning, Action::config,
                   "[service] dry_run and [cgroup] version take effect at the next restart");
      parsed.config.dry_run = old.dry_run;
      parsed.config.cgroup_version = old.cgroup_version;
    }
    records_.emplace(record_folders(parsed.config), parsed.config.runtime,
                     requested_by(parsed.config));
    start_safety_net(parsed.config);
    tree_watcher_.set_options(watch_options(parsed.config, hierarchy_.version));
    const Listing listing = list(parsed.config.standalone, true);
    controller_->on_config(std::move(parsed.config), listing);
    scan_disks();
    await_records(listing);
    follow_anew();
  }
  drain();
  operator_->reloaded(config_refused_);
  service_.ready(status());
  metrics_->write_to(controller_->config().metrics);
  return wrong;
}

void Service::stop() {
  service_.stopping();
  const bool clear = controller_->config().on_stop == OnStop::clear;
  if (clear) controller_->clear();
  drain();
  if (!clear || !unit_mirror_) return loop_.quit();
  unit_mirror_->finish([this] { loop_.quit(); });  // otherwise systemd would set the limits again
}

}  // namespace iopslimit
