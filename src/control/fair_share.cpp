// SPDX-License-Identifier: Apache-2.0
#include "control/fair_share.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

namespace iopslimit {
namespace {

constexpr std::array directions{std::size_t{0}, std::size_t{1}};  // reads, writes

// One limit is not raised more often: each write starts a new slice of the kernel's throttling, and
// with it up to 100 ms of I/O (block/blk-throttle.c, tg_conf_updated()).
constexpr Moment between_grants{1000};
constexpr Moment between_returns{500};  // of what was cut
// A smaller change of a limit is not worth a write.
constexpr double least_cut = 0.97;
constexpr double least_grant = 1.05;
// A raise by less than this factor waits longer, because the load may change again meanwhile.
constexpr double large_grant = 1.15;
constexpr Moment between_small_grants{5000};

// Changes the bandwidth in proportion to the IOPS.
void set(std::uint64_t iops, std::uint64_t configured, std::uint64_t& limit, std::uint64_t& bps) {
  if (configured != 0 && bps != 0) {
    const double scaled =
        static_cast<double>(bps) * static_cast<double>(iops) / static_cast<double>(configured);
    bps = static_cast<std::uint64_t>(
        std::clamp(scaled, static_cast<double>(min_limit), static_cast<double>(max_bps) / 2));
  }
  limit = iops;
}

// Where the workload's member is, or is to be added.
template <typename Members>
auto place_of(Members& members, const Workload& workload) {
  return std::ranges::lower_bound(members, &workload, std::ranges::less(),
                                  [](const auto& member) { return member.workload; });
}

// Null if it is no member.
template <typename Members>
auto* find(Members& members, const Workload& workload) {
  const auto place = place_of(members, workload);
  return place != members.end() && place->workload == &workload ? &*place : nullptr;
}

}  // namespace

void FairShare::reset(const Targets& targets) {
  targets_ = targets;
  pods_io_.reset(targets);
  others_.assign(targets.size(), {});
  members_.clear();
  counts_.changed = 0;
  Targets others = targets;
  for (Target& target : others) {
    if (target.is_shared()) target.total_iops = 0;
  }
  otherwise_->reset(others);
}

bool FairShare::remove(const Workload& workload) {
  const Member* member = find(members_, workload);
  const bool had_other = member != nullptr && differs(*member);
  if (member != nullptr) members_.erase(place_of(members_, workload));
  return otherwise_->remove(workload) || had_other;
}

Limit FairShare::allot(std::size_t target, const Workload& workload,
                       const Limit& configured) const {
  Limit limit = otherwise_->allot(target, workload, configured);
  const Member* member = find(members_, workload);
  if (member == nullptr) return limit;
  const auto& lanes = member->lanes[target];
  if (lanes[0].limit != 0)
    set(lanes[0].limit, configured.read_iops, limit.read_iops, limit.read_bps);
  if (lanes[1].limit != 0)
    set(lanes[1].limit, configured.write_iops, limit.write_iops, limit.write_bps);
  return limit;
}

// ---- readings ----

void FairShare::begin(Moment now, const IoCounts& total) {
  tick_ = now_ == Moment{0} ? Moment{0} : now - now_;
  now_ = now;
  pods_io_.add(now, total);
}

void FairShare::add(const Workload& workload, const IoCounts& counts, bool claims, bool in_total) {
  Member* known = find(members_, workload);
  Member& member =
      known != nullptr
          ? *known
          : *members_.insert(place_of(members_, workload),
                             {&workload, std::vector<std::array<Lane, 2>>(targets_.size())});
  member.claims = claims;
  member.in_total = in_total;
  member.read = now_;
  if (!claims) {
    for (auto& lanes : member.lanes) lanes[0].limit = lanes[1].limit = 0;
  }
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const IoCount count = count_on(counts, targets_[i].device.devnum);
    for (const std::size_t direction : directions)
      member.lanes[i][direction].demand.add(now_, ios_of(count, direction),
                                            bytes_of(count, direction));
  }
}

// ---- division ----

Terms FairShare::terms_of(const Member& member, std::size_t target, std::size_t direction) const {
  const Target& on = targets_[target];
  const Decision& decision = member.workload->decision;
  const Limit limit = on.limit(decision.limits);
  const ShareTerms own = on.terms(decision.terms);
  Terms terms{.guarantee = iops_of(limit, direction), .guarantee_bps = bps_of(limit, direction)};
  if (terms.guarantee == 0) {
    terms.guarantee = on.total_iops;  // it is unlimited, but not above the total
    terms.guarantee_bps = 0;
  }
  terms.ceiling = terms.guarantee;
  if (own.lend && now_ >= member.suspended_until) {
    const std::uint64_t most =
        own.ceiling_iops == 0 ? on.total_iops : std::min(own.ceiling_iops, on.total_iops);
    terms.ceiling = std::max(terms.guarantee, most);
  }
  terms.weight = terms.guarantee * own.weight;
  return terms;
}

// The I/O of the workloads that claim nothing: those that are exempt or not members yet.
std::uint64_t FairShare::used_by_others(std::size_t target, std::size_t direction) {
  double others = pods_io_.ios(target, direction).second();
  for (const Member& member : members_) {
    const Rates& rates = member.lanes[target][direction].demand.ios();
    if (member.claims && member.in_total) others -= rates.second();
    if (!member.claims && !member.in_total) others += rates.second();
  }
  // The total and the members are not read at the same moment, and the kernel lets a tenth of
  // a second of I/O through at once: a single round may take that for the use of others. So
  // the smallest of three rounds counts.
  auto& [seen, estimate] = others_[target][direction];
  std::rotate(seen.begin(), seen.begin() + 1, seen.end());
  seen.back() = static_cast<std::uint64_t>(std::max(others, 0.0));
  estimate.follow(std::ranges::min(seen));
  return estimate.value();
}

void FairShare::divide(std::size_t target, std::size_t direction, std::vector<Change>& changes) {
  const Target& on = targets_[target];
  std::vector<Claim> claims;
  std::vector<Change> lanes;
  const std::uint64_t total = on.total_iops;
  const std::uint64_t spare_of_all = total / 50;  // 2 %
  bool tight = pods_io_.ios(target, direction).second() >= used_up * static_cast<double>(total);
  for (Member& member : members_) {
    if (!member.claims) continue;
    Lane& lane = member.lanes[target][direction];
    const Terms terms = terms_of(member, target, direction);
    const std::uint64_t limit = lane.limit == 0 ? terms.guarantee : lane.limit;
    const std::uint64_t spare =
        std::max<std::uint64_t>(1, std::min(terms.guarantee / 20, spare_of_all / members_.size()));
    claims.push_back(lane.demand.claim(terms, limit, spare));
    lanes.push_back({member.workload, &lane, limit, 0, terms.guarantee});
    if (limit >= terms.guarantee) continue;
    tight = true;
    if (claims.back().hungry) counts_.below += tick_;
  }
  const std::uint64_t kept = total * on.sharing.headroom / 100 + used_by_others(target, direction);
  const std::vector<std::uint64_t> limits =
      iopslimit::divide(claims, total > kept ? total - kept : 0, tight);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Change& change = lanes[i];
    change.to = std::max(limits[i], min_limit);
    const double ratio = static_cast<double>(change.to) / static_cast<double>(change.from);
    const bool home = change.to == change.configured && change.from != change.configured;
    const bool worth = ratio < least_cut || ratio > least_grant || home;
    const Moment pause = change.to <= change.configured ? between_returns
                         : ratio < large_grant          ? between_small_grants
                                                        : between_grants;
    const bool raised_lately = now_ - change.lane->demand.last_raised() < pause;
    if (worth && (change.to < change.from || !raised_lately)) changes.push_back(change);
  }
}

std::vector<const Workload*> FairShare::divide() {
  drop_quiet();
  std::vector<Change> changes;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (!targets_[i].is_shared() || !targets_[i].mounted) continue;
    for (const std::size_t direction : directions) divide(i, direction, changes);
  }
  return apply(changes);
}

// Lowers limits before it raises others, so that their sum never exceeds the total; makes the
// largest changes first.
std::vector<const Workload*> FairShare::apply(std::vector<Change>& changes) {
  std::ranges::sort(changes, {}, [](const Change& one) {
    const bool raise = one.to > one.from;
    const std::uint64_t size = raise ? one.to - one.from : one.from - one.to;
    return std::tuple(raise, ~size, std::string_view(one.workload->path.cgroup));
  });
  if (changes.size() > most_changes) changes.resize(most_changes);
  std::vector<const Workload*> changed;
  for (const Change& one : changes) {
    one.lane->limit = one.to == one.configured ? 0 : one.to;
    if (one.to > one.from) one.lane->demand.raised();
    ++(one.to > one.from ? counts_.grants : counts_.recalls);
    if (std::ranges::find(changed, one.workload) == changed.end()) changed.push_back(one.workload);
  }
  counts_.changed = static_cast<std::size_t>(
      std::ranges::count_if(members_, [this](const Member& one) { return differs(one); }));
  return changed;
}

bool FairShare::differs(const Member& member) const {
  return std::ranges::any_of(
      member.lanes, [](const auto& lanes) { return lanes[0].limit != 0 || lanes[1].limit != 0; });
}

// A member that could not be read in this round is gone; the tree watcher reports that soon.
void FairShare::drop_quiet() {
  std::erase_if(members_, [this](const Member& member) {
    if (differs(member)) return false;
    return member.read != now_ || std::ranges::all_of(member.lanes, [](const auto& lanes) {
             return lanes[0].demand.is_quiet() && lanes[1].demand.is_quiet();
           });
  });
}

std::vector<const Workload*> FairShare::recall() {
  std::vector<const Workload*> changed;
  for (const Member& one : members_) {
    if (differs(one)) changed.push_back(one.workload);
  }
  counts_.recalls += changed.size();
  counts_.changed = 0;
  members_.clear();
  pods_io_.forget();
  others_.assign(targets_.size(), {});
  return changed;
}

bool FairShare::suspend(const Workload& workload, Moment until) {
  Member* member = find(members_, workload);
  if (member == nullptr) return false;
  const bool had_other = differs(*member);
  member->suspended_until = until;
  for (auto& lanes : member->lanes) lanes[0].limit = lanes[1].limit = 0;
  return had_other;
}

// ---- what it knows ----

bool FairShare::is_member(const Workload& workload) const {
  return find(members_, workload) != nullptr;
}

std::vector<const Workload*> FairShare::members() const {
  std::vector<const Workload*> all;
  all.reserve(members_.size());
  for (const Member& member : members_) all.push_back(member.workload);
  return all;
}

const Demand* FairShare::demand(const Workload& workload, std::size_t target,
                                std::size_t direction) const {
  const Member* member = find(members_, workload);
  return member == nullptr ? nullptr : &member->lanes[target][direction].demand;
}

bool FairShare::has_unknown_io() const {
  constexpr double noticeable = 0.02;
  constexpr double least = 5;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (!targets_[i].is_shared()) continue;
    for (const std::size_t direction : directions) {
      double rate = pods_io_.ios(i, direction).recent();
      for (const Member& member : members_) {
        if (member.in_total) rate -= member.lanes[i][direction].demand.ios().recent();
      }
      const auto total = static_cast<double>(targets_[i].total_iops);
      if (rate > std::max(noticeable * total, least)) return true;
    }
  }
  return false;
}

std::vector<Loan> FairShare::loans() const {
  std::vector<Loan> loans;
  for (const Member& member : members_) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Limit configured = targets_[i].limit(member.workload->decision.limits);
      const auto above = [&](std::size_t direction) {
        return member.lanes[i][direction].limit > iops_of(configured, direction);
      };
      if (above(0) || above(1))
        loans.push_back({{member.workload->path.cgroup, targets_[i].device.devnum}, configured});
    }
  }
  return loans;
}

std::array<std::uint64_t, 2> FairShare::lends(const Workload& workload) const {
  std::array<std::uint64_t, 2> left{};
  const Member* member = find(members_, workload);
  if (member == nullptr || !member->claims) return left;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    for (const std::size_t direction : directions) {
      const Lane& lane = member->lanes[i][direction];
      const std::uint64_t guarantee = terms_of(*member, i, direction).guarantee;
      if (lane.limit == 0 && lane.demand.need() < guarantee)
        left[direction] += guarantee - lane.demand.need();
    }
  }
  return left;
}

}  // namespace iopslimit
