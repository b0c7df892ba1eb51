// SPDX-License-Identifier: Apache-2.0
#include "control/preview.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "control/wanted_rules.hpp"
#include "control/workload_view.hpp"

namespace iopslimit {
namespace {

// The pieces: an event waits for one of them.
constexpr std::size_t decided_at_once = 4;  // each reads a record
constexpr std::size_t compared_at_once = 32;

std::string to_text(const ShareTerms& terms) {
  std::string text = terms.lend ? "lend" : "";
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  if (terms.lend && terms.ceiling_iops != 0)
    add("ceiling " + std::to_string(terms.ceiling_iops) + " IOPS");
  if (terms.weight != ShareTerms{}.weight) add("weight " + std::to_string(terms.weight));
  return text;
}

// The distinct terms on all devices.
std::string sharing_of(const Workload& workload, const Targets& targets) {
  std::vector<std::string> all;
  for (const Target& target : targets) {
    if (!target.is_shared() || workload.standalone()) continue;
    const std::string text = to_text(target.terms(workload.decision.terms));
    if (!text.empty() && std::ranges::find(all, text) == all.end()) all.push_back(text);
  }
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : "; ") + one;
  return text;
}

WorkloadChange::Side side_of(const Workload* workload, const DataMounts& mounts,
                             const Allocator& allocator, const Pauses& pauses, bool cleared) {
  if (workload == nullptr) return {.seen = false};
  Workload imagined{.path = workload->path, .record = {}, .decision = workload->decision};
  if (!cleared) add_wanted_rules(*workload, mounts, allocator, imagined.held);
  return {.state = state_of(imagined, pauses),
          .rules = imagined.held,
          .sharing = sharing_of(*workload, mounts.targets()),
          .reason = workload->decision.reason};
}

// The reason alone, such as another line in a file, changes nothing.
bool differ(const WorkloadChange& change) {
  const WorkloadChange::Side& one = change.before;
  const WorkloadChange::Side& two = change.after;
  return one.seen != two.seen || one.state != two.state || one.rules != two.rules ||
         one.sharing != two.sharing;
}

DeviceChange::Side side_of(const DeviceView& view) {
  return {view.mount, view.state, view.text, view.devices, view.total_iops};
}

bool differ(const DeviceChange& change) {
  DeviceChange::Side after = change.after;
  after.text = change.before.text;
  return change.before != after;
}

}  // namespace

Preview::Preview(const Node& now, Config next, const DiskFacts& facts,
                 std::vector<ContainerPath> workloads, Read read)
    : now_(now),
      next_(std::move(next)),
      may_list_others_(next_.scope != now.config.scope ||
                       next_.standalone != now.config.standalone),
      mounts_(now.mounts),
      paths_(std::move(workloads)),
      read_(std::move(read)),
      allocator_(make_allocator(now.rules.capabilities())),
      then_allocator_(make_allocator(now.rules.capabilities())) {
  mounts_.configure(next_);
  static_cast<void>(mounts_.scan(facts));
}

bool Preview::step(PreviewView& found) {
  if (decided_ < paths_.size()) {
    for (std::size_t i = 0; i < decided_at_once && decided_ < paths_.size(); ++i)
      if (decide_next()) ++decided_;
    return true;
  }
  if (!std::exchange(settled_, true)) {
    settle();
    found.keys = changed_keys(now_.config, next_);
    if (now_.cleared)
      found.notes.emplace_back(
          "an operator took every limit away ('iopsctl clear'): a reload writes them again");
    compare_devices(found);
    return true;
  }
  for (std::size_t i = 0; i < compared_at_once; ++i)
    if (!compare_next(found)) return false;
  return true;
}

// Returns false if more of its record has to be read. As Controller::on_config() decides.
bool Preview::decide_next() {
  const ContainerPath& path = paths_[decided_];
  const Workload* known = now_.workloads.find(path.cgroup);
  if (known == nullptr && !may_list_others_) return true;  // it is gone
  RecordAnswer record = read_(path);
  if (is_large(record)) return false;
  if (then_.find(path.cgroup) != nullptr) return true;
  Workload& workload = then_.add(path);
  if (known != nullptr) {
    workload.record = known->record;
    workload.held = known->held;
    workload.read_again = true;
  }
  workload.learn(std::move(record));
  workload.decision = decide(next_, workload.path, workload.record);
  if (known != nullptr) workload.record = NoRecord{};  // its names are known
  return true;
}

// All workloads are known: each gets its part of what is divided.
void Preview::settle() {
  allocator_.reset(now_.targets());
  for (const auto& workload : now_.workloads) allocator_.add(*workload);
  then_allocator_.reset(mounts_.targets());
  for (const auto& workload : then_) {
    workload->superseded = !now_.rules.capabilities().hierarchical &&
                           workload->path.leaf == ProcessLeaf::possible &&
                           then_.find(process_leaf_of(workload->path)) != nullptr;
    then_allocator_.add(*workload);
  }
}

void Preview::compare_devices(PreviewView& found) const {
  std::vector<DeviceView> after = mounts_.views();
  for (const DeviceView& view : now_.mounts.views()) {
    DeviceChange change{.name = view.name, .before = side_of(view), .after = {}};
    const auto same = std::ranges::find(after, view.name, &DeviceView::name);
    if (same != after.end()) {
      change.after = side_of(*same);
      after.erase(same);
    }
    if (differ(change)) found.devices.push_back(std::move(change));
  }
  for (const DeviceView& view : after)
    found.devices.push_back({.name = view.name, .before = {}, .after = side_of(view)});
}

bool Preview::compare_next(PreviewView& found) {
  const Workload* before = now_.workloads.after(compared_);
  const Workload* after = then_.after(compared_);
  if (before == nullptr && after == nullptr) return false;
  if (before != nullptr && after != nullptr && before->path.cgroup != after->path.cgroup)
    (before->path.cgroup < after->path.cgroup ? after : before) = nullptr;
  compared_ = (before == nullptr ? after : before)->path.cgroup;
  if (may_list_others_ || (before != nullptr && after != nullptr)) compare(before, after, found);
  return true;
}

void Preview::compare(const Workload* before, const Workload* after, PreviewView& found) {
  if (before != nullptr && before->superseded) before = nullptr;
  if (after != nullptr && after->superseded) after = nullptr;
  if (before == nullptr && after == nullptr) return;
  const WorkloadView view = view_of(before == nullptr ? *after : *before, now_.pauses);
  WorkloadChange change{
      .id = view.path.id,
      .name = view.name,
      .pod = view.pod,
      .pod_namespace = view.pod_namespace,
      .pod_uid = view.path.pod_uid,
      .cgroup = view.path.cgroup,
      .before = side_of(before, now_.mounts, allocator_, now_.pauses, now_.cleared),
      .after = side_of(after, mounts_, then_allocator_, now_.pauses, false)};
  if (differ(change)) found.workloads.push_back(std::move(change));
}

}  // namespace iopslimit
