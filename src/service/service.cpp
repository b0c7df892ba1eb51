// SPDX-License-Identifier: Apache-2.0
#include "service/service.hpp"

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <system_error>
#include <utility>

#include "config/difference.hpp"
#include "config/files.hpp"
#include "config/validation.hpp"
#include "limit/limit_files.hpp"
#include "loop/clock.hpp"
#include "service/disk_facts.hpp"
#include "service/own_rules.hpp"

namespace iopslimit {
namespace {

// How often the service scans what no event reports.
constexpr std::chrono::seconds problem_interval{1};
// How often it checks limits that are not watched if the configuration wants no check.
constexpr std::chrono::seconds unwatched_interval{30};

}  // namespace

Service::Service(ServicePaths paths, ParsedConfig parsed)
    : paths_(std::move(paths)),
      journal_(loop_, paths_.log),
      notifier_(loop_),
      hierarchy_(paths_.hierarchy ? *paths_.hierarchy
                                  : find_hierarchy(parsed.config.cgroup_version)),
      files_(open_limit_files(hierarchy_.reached())),
      backend_(make_backend(paths_.rules(), parsed.config, *files_, journal_)),
      share_(make_allocator(backend_->capabilities())),
      controller_(
          {.backend = *backend_, .allocator = share_, .announcer = announcer_, .work = work_},
          parsed.config, rules_of_earlier_run(paths_.rules(), parsed.config)),
      drift_watcher_(inotify_, hierarchy_.reached().root, watches_to_spare(),
                     std::bind_front(&Service::warn_degraded, this)),
      questions_(loop_, paths_.sockets,
                 {.read_again =
                      [this](const std::string& cgroup) {
                        work_.read(cgroup);
                        scheduler_.request();
                      },
                  .announce = [this](const Event& event) { journal_.send(event); },
                  .changed = [this] { operator_->sharing_changed(); }}),
      discovery_(hierarchy_.reached(), inotify_, controller_, questions_,
                 {.large = [this](const std::string& cgroup) { work_.read(cgroup); },
                  .handled = [this] { metrics_.dealt_with(node().rules.writes()); },
                  .vanished =
                      [this](const std::string& cgroup) {
                        drift_watcher_.forget(cgroup);
                        repeated_.forget(cgroup);
                        sharing_->forget(cgroup);
                      },
                  .rescanned =
                      [this] {
                        drift_watcher_.forget_unless(std::bind_front(&Node::holds, &node()));
                        work_.follow(node().holders());
                      },
                  .warn = std::bind_front(&Service::warn_degraded, this)}),
      mount_resolver_(paths_.mountinfo),
      scheduler_(loop_, discovery_.cgroups_fd(), work_,
                 {.read_cgroups = [this] { return read_cgroups(); },
                  .finished = [this] { finish_batch(); }}),
      node_files_(loop_, hierarchy_.reached(),
                  {.summary = [this] { return operator_->summary(); },
                   .containers = [this](auto& after) { return operator_->containers_after(after); },
                   .advice = [this](auto* after) { return observer_->advice(after); },
                   .announce = [this](const Event& event) { journal_.send(event); }}),
      metrics_(node_files_.metrics()),
      repeated_(loop_,
                [this](const std::set<std::string>& cgroups) {
                  controller_.on_contested(cgroups);
                  scheduler_.request();
                }),
      repair_(loop_,
              [this] {
                if (!inotify_io_) hear_inotify();
                work_.repair(std::exchange(written_, {}));
                scheduler_.run();
              }),
      safety_net_(loop_, [this] { check(); }),
      problem_scan_(loop_, [this] { check(); }) {
  // First: journald takes what it finds out about a process from its first entry, however late.
  for (const ConfigMessage& refused : check_on(node().config, backend_->capabilities()))
    throw ConfigRefused(to_string(refused));
  journal_.log(Severity::info, Action::none, to_string(hierarchy_.mounted()));
  if (node().config.dry_run)
    journal_.log(Severity::notice, Action::none,
                 "dry run: every limit is decided and logged, none is written");
  set_workers();
}

void Service::set_workers() {
  work_.set_workers(
      {.retry = [this](const std::string& cgroup) { discovery_.retry(cgroup); },
       .rebalance = [this] { controller_.rebalance(); },
       .repair = [this](const std::string& cgroup) { controller_.on_written(cgroup); },
       .verify = [this](const std::string& cgroup) { follow(cgroup, true); },
       .follow = [this](const std::string& cgroup) { follow(cgroup, false); },
       .announce = [this] { return announcer_.deliver_one(); },
       .read = [this](const std::string& cgroup) { return discovery_.read_piece(cgroup); }});
}

void Service::start() {
  // If the kernel gives huge pages to every process that does not refuse them, a heap of some
  // megabytes grows by two megabytes (transparent_hugepage=always; prctl(2)).
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  connect();
  const auto to_journal = [this](const Event& event) { journal_.send(event); };
  const Operator::Needs needs{.reload = [this] { return reload(); },
                              .announce = to_journal,
                              .drain = [this] { scheduler_.drain(); },
                              .refresh = [this] { scheduler_.request(); },
                              .hierarchy = to_string(hierarchy_.mounted()),
                              .lines_dropped = [this] { return journal_.dropped(); },
                              .add_rest =
                                  [this](Snapshot& snapshot) {
                                    sharing_->add_to(snapshot);
                                    snapshot.runtime_socket = questions_.status();
                                  },
                              .advice = [this](auto* after) { return observer_->advice(after); },
                              .preview = std::bind_front(&Service::preview, this)};
  operator_.emplace(loop_, controller_, paths_.run_folder, paths_.bus_address, needs);
  observer_.emplace(loop_, hierarchy_.reached(), controller_, paths_.history(), to_journal);
  sharing_.emplace(loop_, hierarchy_.reached(), controller_, share_, paths_.loans(),
                   Sharing::Needs{.announce = to_journal,
                                  .recalled = [this](auto took) { metrics_.recalled(took); },
                                  .changed = [this] { operator_->sharing_changed(); }});
  if (!node().config.dry_run) recall_noted_loans(paths_.loans(), *backend_);
  if (!node().config.dry_run)
    unit_mirror_.emplace(loop_, controller_, *files_, paths_.run_folder, paths_.bus_address,
                         to_journal);
  announcer_.add_listener([this](const Event& event) { write_to_journal(event); });
  announcer_.add_listener([this](const Event& event) { operator_->on_event(event); });
  if (unit_mirror_)
    announcer_.add_listener([this](const Event& event) { unit_mirror_->on_event(event); });
  announcer_.add_listener([this](const Event& event) { metrics_.on_event(event); });
  announcer_.add_listener([this](const Event& event) { sharing_->on_event(event); });
  announcer_.add_listener([this](const Event& event) { repeated_.on_event(event); });
  check([this] { notifier_.ready(status()); });
  malloc_trim(0);  // the memory of the first full pass is not needed again
  node_files_.write(node().config);
}

void Service::connect() {
  const auto on_ready = [this](int fd, std::uint32_t events, EventLoop::Callback callback) {
    io_.push_back(std::make_unique<Io>(loop_, fd, events, std::move(callback)));
  };
  on_ready(mount_resolver_.fd(), EPOLLPRI, [this] {
    scan_disks();
    scheduler_.request();
  });
  on_ready(block_events_.fd(), EPOLLIN, [this] {
    if (block_events_.drain()) scan_disks();
    scheduler_.request();
  });
  if (!block_events_.warning().empty())
    journal_.log(Severity::warning, Action::watch_degraded, block_events_.warning());
  hear_inotify();
  signals_.push_back(std::make_unique<Signal>(loop_, SIGHUP, [this] { reload(); }));
  for (const int signal : {SIGTERM, SIGINT})
    signals_.push_back(std::make_unique<Signal>(loop_, signal, [this] { stop(); }));
  safety_net_.every(node().config.check_interval);
  notifier_.feed_watchdog();
}

bool Service::read_cgroups() {
  metrics_.events_begin(node().rules.writes());
  const bool came = discovery_.read_cgroups();
  work_.run_retries();
  metrics_.events_over();
  return came;
}

void Service::read_inotify() {
  DriftWatcher::Written written;
  inotify_.read([&](int descriptor, std::uint32_t mask, std::string_view name) {
    drift_watcher_.handle(descriptor, mask, name, written);
    discovery_.read_record(descriptor, mask, name);
  });
  const bool soon = repeated_.any_of(written.cgroups);
  written_.merge(written.cgroups);
  if (written.lost)
    for (std::string& cgroup : node().holders()) written_.insert(std::move(cgroup));
  scheduler_.request();
  if (soon) {
    inotify_io_.reset();  // until the repair: one process must not keep this loop reading
    repair_.restart(repeated_delay);
  } else if (!written_.empty()) {
    repair_.start(repair_delay);
  }
}

void Service::hear_inotify() {
  inotify_io_.emplace(loop_, inotify_.fd(), EPOLLIN, [this] { read_inotify(); });
}

// The safety net, and the first pass. Calls `in_force` when every limit is, before all that may
// wait.
void Service::check(const std::function<void()>& in_force) {
  backend_->retry_notes();
  inotify_.retry();
  scan_disks();
  discovery_.rescan();
  work_.write_limits();
  in_force();
  scheduler_.drain();
  sharing_->check();
  observer_->check();
}

// Shows what is not seen of the node, and scans more often until it is seen again.
void Service::check_problems() {
  std::string problem = discovery_.problem();
  if (problem.empty() && !inotify_.failure().empty())
    problem = inotify_.failure() +
              "; until then late records, and limits that others change, are found by a scan "
              "every second";
  operator_->set_problem("watches", problem);
  if (!problem.empty() || disks_unknown_) problem_scan_.start(problem_interval);
  const bool unwatched = !drift_watcher_.all_watched() && node().config.check_interval.count() == 0;
  if (unwatched) safety_net_.start(unwatched_interval);
}

void Service::scan_disks() {
  operator_->set_problem("hierarchy", hierarchy_.problem());
  const auto facts = disks_for(node().config);
  disks_unknown_ = !facts;
  if (facts) controller_.on_disks(*facts);
}

// std::nullopt: they cannot be looked up now, and what is known of them stays.
std::optional<DiskFacts> Service::disks_for(const Config& config) try {
  DiskFacts facts = find_disks(mount_resolver_, config, node().targets());
  operator_->set_problem("disks", "");
  return facts;
} catch (const std::system_error& error) {
  operator_->set_problem("disks", std::string(error.what()) +
                                      ": the disks that were found last stay limited; the service "
                                      "tries again every second");
  return std::nullopt;
}

// Returns the errors of the configuration; empty if it is in force.
std::vector<std::string> Service::reload() {
  notifier_.reloading();
  ++reloads_;
  Config config;
  auto wrong = load_for(backend_->capabilities(), paths_.config_file, {}, config);
  config_refused_ = !wrong.empty();
  for (const std::string& error : wrong) journal_.log(Severity::error, Action::config, error);
  if (config_refused_)
    journal_.log(Severity::error, Action::config,
                 "the configuration has errors: the old one stays in force");
  else
    put_in_force(std::move(config));
  notifier_.ready(status());
  scheduler_.drain();
  operator_->reloaded(config_refused_);
  node_files_.write(node().config);
  return wrong;
}

BusService::PreviewAnswer Service::preview(const Replacement& instead) {
  Config next;
  auto wrong = load_for(backend_->capabilities(), paths_.config_file, instead, next);
  if (!wrong.empty()) return {.errors = std::move(wrong)};
  const auto facts = disks_for(next);
  if (!facts) throw std::runtime_error("the disks cannot be looked up: iopsctl status says why");
  auto preview = discovery_.preview(next, *facts);
  return {.errors = {}, .next = [this, preview, begun = reloads_](PreviewView& found) {
            if (begun != reloads_) throw std::runtime_error("a reload came in between: ask again");
            return preview->step(found);
          }};
}

void Service::put_in_force(Config config) {
  if (keep_until_restart(node().config, config))
    journal_.log(Severity::warning, Action::config,
                 "[service] dry_run and [cgroup] version take effect at the next restart");
  safety_net_.every(config.check_interval);
  discovery_.reconfigure(std::move(config));
  observer_->reconfigure();
  scan_disks();
  work_.write_limits();
}

void Service::stop() {
  notifier_.stopping();
  sharing_->stop();
  observer_->stop();
  const bool clear = node().config.on_stop == OnStop::clear;
  if (clear) controller_.clear();
  scheduler_.drain();
  if (!clear || !unit_mirror_) return loop_.quit();
  unit_mirror_->finish([this] { loop_.quit(); });  // otherwise systemd would set the limits again
}

void Service::finish_batch() {
  check_problems();
  send_summaries();
  operator_->synced();
  sharing_->sync();
  if (unit_mirror_) unit_mirror_->sync();
  questions_.sync();
  notifier_.status(status());
}

// Watches a limit file only after the service's own first write, which so raises no event. Reads
// the limit back if it is `unread`, or if another process may have written before the watch.
void Service::follow(const std::string& cgroup, bool unread) {
  const SharedText holder = node().holder(cgroup);
  if (holder.empty()) return;
  if (drift_watcher_.follow(holder) || unread)
    controller_.on_written(cgroup, unread ? Reading::first : Reading::later);
}

void Service::send_summaries() {
  for (const Event& summary : rate_limiter_.summaries(monotonic_seconds())) journal_.send(summary);
}

void Service::write_to_journal(const Event& event) {
  send_summaries();
  if (rate_limiter_.passes(event, monotonic_seconds())) journal_.send(event);
}

std::string Service::status() const {
  std::string text = node().status() + "; " + to_string(hierarchy_.mounted());
  if (node().config.dry_run) text = "dry run, nothing is written; " + text;
  for (const std::string& problem : operator_->problems()) text.insert(0, problem + "; ");
  if (const std::string problem = questions_.problem(); !problem.empty()) text += "; " + problem;
  if (config_refused_)
    text = "configuration has errors (see the journal), the old one is in force; " + text;
  return text;
}

}  // namespace iopslimit
