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

// Whoever changes limits again and again is answered this often.
constexpr std::chrono::milliseconds repair_delay{250};

constexpr const char* run_folder = "/run/iops-limitd";

WatchedPlaces places(const Config& config, CgroupVersion version) {
  return {.standalone = config.standalone, .process_leaves = version == CgroupVersion::v1};
}

std::unique_ptr<LimitSink> open_limit_files(const CgroupTree& tree) {
  if (tree.version == CgroupVersion::v2) return std::make_unique<IoMaxFile>(tree.root);
  return std::make_unique<BlkioFile>(tree.root);
}

// What a throttled disk could hold up.
std::vector<std::string> system_places(const Config& config) {
  std::vector<std::string> places{"/",
                                  "/var/lib/kubelet",
                                  "/var/lib/containerd",
                                  "/var/lib/containers",
                                  "/var/lib/docker",
                                  "/var/lib/rancher",
                                  "/var/snap/microk8s"};
  places.insert(places.end(), config.state_folders.begin(), config.state_folders.end());
  return places;
}

RecordFolders record_folders(const Config& config) {
  return known_record_folders(config.state_folders, config.containerd_namespaces);
}

}  // namespace

Wiring::Wiring(std::string config_file, ParsedConfig parsed, const Surroundings& around)
    : config_file_(std::move(config_file)),
      journal_(around.log),
      tree_(find_cgroup_tree(parsed.config.cgroup_version)),
      files_(open_limit_files(tree_)),
      records_(std::in_place, record_folders(parsed.config), parsed.config.runtime,
               wished_for(parsed.config)),
      late_records_([this](const ContainerPath& path) { container_appeared(path); }),
      watch_(tree_.root, places(parsed.config, tree_.version),
             {.appeared =
                  [this](const CgroupWatch::Seen& one) {
                    cgroup_came_ = true;
                    seen(one);
                  },
              .vanished =
                  [this](const std::string& cgroup) {
                    late_records_.forget(cgroup);
                    limit_watch_.forget(cgroup);
                    daemon_->on_vanished(cgroup);
                  },
              .lost = [this] { rescan(); },
              .complain =
                  [this](const std::string& text) {
                    journal_.log(Severity::warning, Action::deaf, text);
                  }}),
      limit_watch_(
          tree_.root, watches_to_spare(),
          [this](const std::string& text) { journal_.log(Severity::warning, Action::deaf, text); }),
      disk_(around.mountinfo) {
  for (const ConfigMessage& refused : check_on(parsed.config, tree_.version))
    throw ConfigRefused(to_string(refused));
  std::vector<RulePlace> ours;
  if (parsed.config.dry_run) {
    sink_ = std::make_unique<DryRun>(*files_);
    journal_.log(Severity::notice, Action::none,
                 "dry run: every limit is decided and logged, none is written");
  } else {
    auto ledger = std::make_unique<RuleLedger>(
        *files_, run_folder + std::string("/rules"),
        [this](const std::string& text) { journal_.log(Severity::warning, Action::none, text); });
    ours = ledger->rules();
    sink_ = std::move(ledger);
  }
  daemon_ =
      std::make_unique<Daemon>(*sink_, tree_.version, std::move(parsed.config), std::move(ours));
}

void Wiring::run() {
  // Where the kernel gives huge pages to all who do not refuse, a heap of some megabytes would be
  // two megabytes larger (transparent_hugepage=always; prctl(2)).
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  connect();
  operating_.emplace(loop_, *daemon_, run_folder, system_bus_address(),
                     Operating::Needs{.reload = [this] { return reload(); },
                                      .say = [this](const Report& news) { journal_.send(news); },
                                      .flush = [this] { flush(); }});
  if (!daemon_->config().dry_run)
    units_.emplace(loop_, *daemon_, *files_, tree_.version, run_folder, system_bus_address(),
                   [this](const Report& news) { journal_.send(news); });
  metering_.emplace(loop_, tree_,
                    Metering::Needs{.overview = [this] { return operating_->overview(); },
                                    .say = [this](const Report& news) { journal_.send(news); }});
  look_at_disks();
  rescan();
  flush();
  malloc_trim(0);  // what the first pass over everything needed is not needed again
  service_.ready(status());
  metering_->write_to(daemon_->config().metrics);
  loop_.run();
}

void Wiring::connect() {
  loop_.on_ready(
      watch_.fd(), EPOLLIN, [this] { read_cgroup_events(); }, true);
  loop_.on_ready(late_records_.fd(), EPOLLIN, [this] {
    late_records_.read_events();
    loop_.call_when_idle();
  });
  loop_.on_ready(disk_.fd(), EPOLLPRI, [this] {
    look_at_disks();
    loop_.call_when_idle();
  });
  loop_.on_ready(block_events_.fd(), EPOLLIN, [this] {
    if (block_events_.drain()) look_at_disks();
    loop_.call_when_idle();
  });
  if (!block_events_.complaint().empty())
    journal_.log(Severity::warning, Action::deaf, block_events_.complaint());
  loop_.on_ready(limit_watch_.fd(), EPOLLIN, [this] {
    LimitWatch::Written written = limit_watch_.read_events();
    written_.merge(written.cgroups);
    if (written.lost) {
      for (std::string& cgroup : daemon_->holders()) written_.insert(std::move(cgroup));
    }
    loop_.ring_in(repair_delay);
  });
  loop_.on_alarm([this] {
    to_repair_.merge(written_);
    written_.clear();
    tidy_up();
  });
  loop_.on_idle([this] { tidy_up(); });
  start_safety_net(daemon_->config());
  loop_.on_signal(SIGHUP, [this] { reload(); });
  loop_.on_signal(SIGTERM, [this] { stop(); });
  loop_.on_signal(SIGINT, [this] { stop(); });
  loop_.feed_watchdog();
}

void Wiring::look_for_cgroups() {
  metering_->events_begin(daemon_->writes());
  watch_.read_events();
  retry_controllers();
  metering_->events_over();
  if (std::exchange(cgroup_came_, false)) burst_.cgroup(std::chrono::steady_clock::now());
}

void Wiring::read_cgroup_events() {
  look_for_cgroups();
  loop_.call_when_idle(Burst::pause);
  const auto now = std::chrono::steady_clock::now();
  burst_.events(now);
  if (burst_.too_long(now)) loop_.take_turns(true);
}

void Wiring::start_safety_net(const Config& config) {
  loop_.every(config.check_interval, [this] {
    look_at_disks();
    rescan();
    flush();  // whole, as the rescan is
  });
}

// The path that counts: from the event to the written limit.
void Wiring::seen(const CgroupWatch::Seen& one) {
  if (one.place == CgroupPlace::kubepods) {
    daemon_->on_kubepods(one.cgroup);
  } else if (one.place == CgroupPlace::pod) {
    daemon_->on_pod(*parse_pod_path(one.cgroup));
  } else if (const auto path = parse_container_path(one.cgroup, daemon_->config().standalone)) {
    container_appeared(*path);
  }
  metering_->dealt_with(daemon_->writes());
}

void Wiring::container_appeared(const ContainerPath& path) {
  if (daemon_->has_record(path.cgroup)) return daemon_->on_appeared(path, NoRecord{});
  daemon_->on_appeared(path, records_->read(path));
  metering_->dealt_with(daemon_->writes());
  if (daemon_->has_record(path.cgroup)) return late_records_.forget(path.cgroup);
  if (watch_.is_there(path.cgroup)) await_record(path);
}

// Of a container whose record has just been looked for in vain.
void Wiring::await_record(const ContainerPath& path) {
  // Twice: what comes meanwhile may be the record without its sandbox's, which is then waited for.
  for (int attempt = 0; attempt < 2; ++attempt) {
    late_records_.await(path, records_->awaited_files(path));
    daemon_->on_appeared(path, records_->read(path));
    if (daemon_->has_record(path.cgroup)) return late_records_.forget(path.cgroup);
  }
}

// What is there now. Records that were read are not read again, unless `reread`: a new
// configuration may ask for more of them.
Listing Wiring::list(Standalone standalone, bool reread) {
  Listing listing;
  for (const CgroupWatch::Seen& one : watch_.scan()) {
    if (one.place == CgroupPlace::kubepods) listing.kubepods.push_back(one.cgroup);
    if (one.place == CgroupPlace::pod) listing.pods.push_back(*parse_pod_path(one.cgroup));
    auto path = parse_container_path(one.cgroup, standalone);
    if (!path) continue;
    const bool known = !reread && daemon_->has_record(one.cgroup);
    RecordAnswer record = known ? NoRecord{} : records_->read(*path);
    listing.containers.push_back({std::move(*path), std::move(record)});
  }
  listing.whole = watch_.scan_was_whole();
  return listing;
}

void Wiring::rescan() {
  const Listing listing = list(daemon_->config().standalone, false);
  daemon_->on_rescan(listing);
  for (const Sighting& sighting : listing.containers) {
    if (!daemon_->has_record(sighting.path.cgroup)) await_record(sighting.path);
  }
  follow_anew();
}

// After a look at everything: whatever the daemon has let go of meanwhile, nothing else would tell
// its end.
void Wiring::follow_anew() {
  late_records_.forget_unless([this](const std::string& cgroup) { return daemon_->knows(cgroup); });
  limit_watch_.forget_unless([this](const std::string& cgroup) { return daemon_->holds(cgroup); });
  to_follow_ = daemon_->holders();
}

void Wiring::look_at_disks() {
  const Config& config = daemon_->config();
  std::vector<std::string> mounts;
  for (const DataMount& one : config.data_mounts()) mounts.push_back(one.mount);
  DiskFacts facts{.mounts = disk_.find(mounts), .places = disk_.places(system_places(config))};
  for (const Target& target : daemon_->targets()) {
    const Devnum devnum = target.device.devnum;
    facts.identities[devnum] = disk_.identity_of(devnum);
  }
  daemon_->on_disks(facts);
}

// What is wrong with the configuration; nothing: it is in force.
std::vector<std::string> Wiring::reload() {
  service_.reloading();
  ConfigText text = read_configuration(config_file_);
  ParsedConfig parsed = build_config(text.entries);
  text.errors.insert(text.errors.end(), parsed.errors.begin(), parsed.errors.end());
  const std::vector<ConfigMessage> refused = check_on(parsed.config, tree_.version);
  text.errors.insert(text.errors.end(), refused.begin(), refused.end());
  config_refused_ = !text.errors.empty();
  std::vector<std::string> wrong;
  for (const ConfigMessage& error : text.errors) wrong.push_back(to_string(error));
  for (const std::string& error : wrong) journal_.log(Severity::error, Action::config, error);
  if (config_refused_) {
    journal_.log(Severity::error, Action::config,
                 "the configuration has errors: the old one stays in force");
  } else {
    const Config& old = daemon_->config();
    if (parsed.config.dry_run != old.dry_run ||
        parsed.config.cgroup_version != old.cgroup_version) {
      journal_.log(Severity::warning, Action::config,
                   "[service] dry_run and [cgroup] version take effect at the next restart");
      parsed.config.dry_run = old.dry_run;
      parsed.config.cgroup_version = old.cgroup_version;
    }
    records_.emplace(record_folders(parsed.config), parsed.config.runtime,
                     wished_for(parsed.config));
    start_safety_net(parsed.config);
    watch_.look_for(places(parsed.config, tree_.version));
    const Listing listing = list(parsed.config.standalone, true);
    daemon_->on_config(std::move(parsed.config), listing);
    look_at_disks();
    follow_anew();
  }
  flush();
  operating_->reloaded(config_refused_);
  service_.ready(status());
  metering_->write_to(daemon_->config().metrics);
  return wrong;
}

void Wiring::stop() {
  service_.stopping();
  const bool clear = daemon_->config().on_stop == OnStop::clear;
  if (clear) daemon_->clear();
  flush();
  if (!clear || !units_) return loop_.quit();
  units_->finish([this] { loop_.quit(); });  // or systemd would bring the limits back
}

}  // namespace iopslimit
