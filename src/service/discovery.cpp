// SPDX-License-Identifier: Apache-2.0
#include "service/discovery.hpp"

#include <optional>
#include <system_error>
#include <utility>

#include "cgroup/population.hpp"
#include "policy/policy.hpp"

namespace iopslimit {
namespace {

bool is_complete(const RecordAnswer& answer) {
  const auto* record = std::get_if<Record>(&answer);
  return record != nullptr && !record->incomplete;
}

// True if the file is still to come; that of a large record is there.
bool is_late(const RecordAnswer& answer) {
  return !is_complete(answer) && !is_large(answer);
}

RecordFolders folders_for(const Config& config) {
  return known_record_folders(config.state_folders, config.containerd_namespaces);
}

}  // namespace

Discovery::Discovery(const Hierarchy& tree, Inotify& inotify, Controller& controller,
                     PodQuestions& questions, Handlers handlers)
    : controller_(controller),
      questions_(questions),
      handlers_(std::move(handlers)),
      root_(tree.root),
      process_leaves_(!capabilities_of(tree.version).hierarchical),
      folders_(folders_for(node().config)),
      records_(runtimes_for(folders_, node().config)),
      record_watcher_(inotify, [this](const ContainerPath& path) { appeared(path); }),
      tree_watcher_(tree.root, options_for(node().config),
                    {.appeared =
                         [this](ContainerPath path) {
                           cgroup_came_ = true;
                           appeared(std::move(path));
                         },
                     .vanished = [this](const ContainerPath& path) { vanished(path); },
                     .lost = [this] { rescan(); },
                     .warn = [this](const std::string& text) { handlers_.warn(text); }}) {
  questions_.configure(node().config, requested_by(node().config));
}

Runtimes Discovery::runtimes_for(const RecordFolders& folders, const Config& config) const {
  return Runtimes(known_sources(folders, config.runtime, requested_by(config)),
                  &questions_.facts());
}

WatchOptions Discovery::options_for(const Config& config) const {
  return {.standalone = config.standalone, .process_leaves = process_leaves_};
}

std::shared_ptr<Preview> Discovery::preview(const Config& next, const DiskFacts& facts) const {
  return std::make_shared<Preview>(node(), next, facts, workloads_under(next), record_reader(next));
}

// The workloads that the node has under another configuration.
std::vector<ContainerPath> Discovery::workloads_under(const Config& config) const {
  const Config& now = node().config;
  std::vector<ContainerPath> all;
  if (config.scope == now.scope && config.standalone == now.standalone) {
    for (const auto& workload : node().workloads) all.push_back(workload->path);
    return all;
  }
  const auto found = [&](ContainerPath path) {
    const bool is_pod = path.kind == CgroupKind::pod && config.scope == LimitScope::pod;
    const bool is_container =
        path.kind == CgroupKind::container && !limited_by_pod(config.scope, path);
    if (is_pod || is_container) all.push_back(std::move(path));
  };
  walk(config, found).list("/");
  return all;
}

TreeWalk Discovery::walk(const Config& config, std::function<void(ContainerPath)> found) const {
  return {root_,
          options_for(config),
          {.found = std::move(found),
           .enter = [](const std::string&) { return true; },
           .unreadable = [](const std::string&, std::error_code) {}}};
}

// The record of a pod as a whole is that of a container in it. Reads a large one in pieces, as
// read_piece() does.
Preview::Read Discovery::record_reader(const Config& config) const {
  auto records = std::make_shared<Runtimes>(runtimes_for(folders_for(config), config));
  return [this, config, records](const ContainerPath& path) -> RecordAnswer {
    if (path.kind == CgroupKind::container) return records->read_piece(path);
    RecordAnswer best = NoRecord{};
    const auto read = [&](const ContainerPath& container) {
      if (container.kind != CgroupKind::container || is_complete(best)) return;
      RecordAnswer answer = records->read(container);
      if (std::holds_alternative<Record>(answer)) best = of_pod(std::move(answer));
    };
    walk(config, read).list(path.cgroup);
    return best;
  };
}

bool Discovery::read_cgroups() {
  tree_watcher_.read_events();
  return std::exchange(cgroup_came_, false);
}

// The hot path, from the event to the written limit.
void Discovery::appeared(ContainerPath path) {
  RecordAnswer record = NoRecord{};
  std::optional<ContainerPath> late;  // the container whose record is late
  if (path.kind == CgroupKind::container && !node().has_record(path.cgroup)) {
    record = records_.read(path);
    if (const auto* found = std::get_if<Record>(&record)) want_facts(path.cgroup, *found, true);
    if (is_complete(record)) record_watcher_.forget(path.cgroup);
    if (is_large(record)) handlers_.large(path.cgroup);
    if (is_late(record)) late = path;
  }
  controller_.on_appeared(std::move(path), std::move(record));
  handlers_.handled();
  if (late && tree_watcher_.is_there(late->cgroup)) await_record(*late);
}

void Discovery::vanished(const ContainerPath& path) {
  record_watcher_.forget(path.cgroup);
  if (path.kind == CgroupKind::pod) questions_.forget(path.pod_uid);
  handlers_.vanished(path.cgroup);
  controller_.on_vanished(path);
}

// Notes it alone: PodQuestions::sync() asks when no container waits for its limit.
void Discovery::want_facts(const SharedText& cgroup, const Record& record, bool is_new) {
  using Asker = PodQuestions::Asker;
  const Asker sandbox = is_new ? Asker::new_sandbox : Asker::sandbox;
  questions_.want(cgroup, record.runtime, record.sandbox ? sandbox : Asker::container,
                  record.from_socket);
}

void Discovery::forget_gone_pods(const Listing& listing) {
  if (!listing.whole || questions_.is_empty()) return;
  const ListingIndex shown(listing);
  questions_.forget_unless(
      [&shown](const std::string& pod_uid) { return shown.pod_uids.contains(pod_uid); });
}

// Watches for the record of a container; the caller has just failed to find it.
void Discovery::await_record(const ContainerPath& path) {
  // Two attempts: the record that arrives in the meantime may lack that of its sandbox, so the
  // second attempt waits for the sandbox's record.
  for (int attempt = 0; attempt < 2; ++attempt) {
    record_watcher_.await(path, records_.awaited_files(path));
    RecordAnswer record = records_.read(path);
    if (const auto* found = std::get_if<Record>(&record)) want_facts(path.cgroup, *found, true);
    if (is_large(record)) handlers_.large(path.cgroup);
    controller_.on_appeared(path, std::move(record));
    if (node().has_record(path.cgroup)) return record_watcher_.forget(path.cgroup);
  }
}

bool Discovery::read_piece(const std::string& cgroup) {
  if (!node().knows(cgroup)) return true;
  const ContainerPath path = parse_cgroup(cgroup, node().config.standalone);
  RecordAnswer record = records_.read_piece(path);
  if (is_large(record)) return false;
  if (is_complete(record)) record_watcher_.forget(cgroup);
  const bool late = is_late(record);
  if (const auto* found = std::get_if<Record>(&record); found != nullptr && !found->from_socket) {
    if (questions_.facts().has(path.pod_uid)) questions_.contradicted(path.pod_uid);
    want_facts(path.cgroup, *found, false);
  }
  controller_.on_appeared(path, std::move(record));
  if (late && tree_watcher_.is_there(cgroup))
    record_watcher_.await(path, records_.awaited_files(path));
  return true;
}

void Discovery::retry(const std::string& cgroup) {
  if (!node().knows(cgroup)) return;  // gone, and no further event would remove the watch
  tree_watcher_.await_controller(cgroup);
  appeared(parse_cgroup(cgroup, node().config.standalone));
}

// Lists the current cgroups. Reads known records again only with `reread`, because a new
// configuration may need other ones, or more of their fields. `late` receives the containers
// without a whole record.
Listing Discovery::list(bool reread, std::vector<ContainerPath>& late) {
  Listing listing;
  std::vector<ContainerPath> all = tree_watcher_.scan();
  if (process_leaves_) {
    for (Stray& stray : strays(root_, all))
      listing.strays.emplace_back(*stray.container, std::move(stray.cgroup));
  }
  for (ContainerPath& path : all) {
    if (path.kind == CgroupKind::kubepods) {
      listing.kubepods.push_back(std::move(path.cgroup));
    } else if (path.kind == CgroupKind::pod) {
      listing.pods.push_back(std::move(path));
    } else if (path.kind == CgroupKind::unfamiliar) {
      listing.unfamiliar.push_back(std::move(path));
    } else {
      const bool known = !reread && node().has_record(path.cgroup);
      RecordAnswer record = known ? NoRecord{} : records_.read(path);
      const Record* found = known ? node().record_of(path.cgroup) : std::get_if<Record>(&record);
      const bool asked = known && found != nullptr && found->from_socket;
      if (found != nullptr && !asked) want_facts(path.cgroup, *found, !known && !reread);
      if (!known && is_late(record)) late.push_back(path);
      if (is_large(record)) handlers_.large(path.cgroup);
      listing.containers.push_back({std::move(path), std::move(record)});
    }
  }
  listing.users_container = users_container(root_);
  listing.whole = tree_watcher_.scan_was_whole();
  return listing;
}

// A runtime that was installed or started later may have its own folder.
void Discovery::find_record_folders() {
  RecordFolders folders = folders_for(node().config);
  if (folders == folders_) return;
  folders_ = std::move(folders);
  records_ = runtimes_for(folders_, node().config);
}

void Discovery::rescan() {
  find_record_folders();
  std::vector<ContainerPath> late;
  Listing listing = list(false, late);
  forget_gone_pods(listing);
  controller_.on_rescan(std::move(listing));
  listed(late);
}

void Discovery::reconfigure(Config config) {
  tree_watcher_.set_options(options_for(config));
  RecordFolders folders = folders_for(config);
  const Config& now = node().config;
  const bool reread = folders != folders_ || config.runtime != now.runtime ||
                      config.runtime_socket != now.runtime_socket || config.scope != now.scope ||
                      requested_by(config) != requested_by(now);
  folders_ = std::move(folders);
  questions_.configure(config, requested_by(config));
  if (reread) records_ = runtimes_for(folders_, config);
  std::vector<ContainerPath> late;
  Listing listing = list(reread, late);
  controller_.on_config(std::move(config), std::move(listing));
  listed(late);
}

// Waits for each missing record at the paths where it may appear now. Drops the watches of cgroups
// that the controller has released meanwhile, because no event would report their end.
void Discovery::listed(const std::vector<ContainerPath>& late) {
  for (const ContainerPath& path : late) {
    if (!node().has_record(path.cgroup)) await_record(path);
  }
  record_watcher_.forget_unless([this](const std::string& cgroup) { return node().knows(cgroup); });
  handlers_.rescanned();
}

}  // namespace iopslimit
