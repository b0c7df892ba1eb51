// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/why_text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "policy/pauses.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

std::string count(double value) {
  return grouped(static_cast<std::uint64_t>(std::llround(value)));
}

std::string msec(double value) {
  constexpr double usec = 1000;
  return milliseconds(static_cast<std::uint64_t>(std::llround(value * usec)));
}

std::string amount(const KeyUse& use, double value) {
  return limit_keys.at(use.key).bytes ? short_bytes(value) : count(value);
}

std::string amount(const KeyUse& use, std::uint64_t limit) {
  return amount(use, static_cast<double>(limit));
}

// The last limit that was in force.
std::uint64_t limit_of(const KeyUse& use) {
  const auto last = std::find_if(use.limits.rbegin(), use.limits.rend(),
                                 [](std::uint64_t limit) { return limit != 0; });
  return last == use.limits.rend() ? 0 : *last;
}

const char* unit(const KeyUse& use) {
  return limit_keys.at(use.key).bytes ? "B/s" : "IOPS";
}

const char* direction(const KeyUse& use) {
  return limit_keys.at(use.key).write ? "write" : "read";
}

double mean(const std::vector<double>& rates) {
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return rates.empty() ? 0 : sum / static_cast<double>(rates.size());
}

// "read 498 of 500 IOPS".
std::string used(const KeyUse& use) {
  return std::string(direction(use)) + " " + amount(use, mean(use.rates)) + " of " +
         amount(use, limit_of(use)) + " " + unit(use);
}

std::string seconds_of(const Explanation& one) {
  return " in " + std::to_string(one.finding.at_limit) + " of " +
         counted(one.measured.loads.size(), "second", "seconds");
}

std::string used(const TotalUse& total) {
  return std::string(total.write ? "write " : "read ") + count(total.used) + " of " +
         grouped(total.total) + " IOPS";
}

std::string waiting(const Explanation& one) {
  if (!one.measured.stalled) return {};
  return "; waiting " + percent(*one.measured.stalled) + " of the time";
}

std::string speed(const DiskUse& disk) {
  const std::string busy = percent(disk.busy) + " busy";
  if (disk.hangs) return disk.name + " answers no request, " + busy;
  if (!disk.wait_msec) return disk.name + " has nothing to do";
  return disk.name + " answers in " + msec(*disk.wait_msec) + ", " + busy;
}

std::string list_of(const std::vector<User>& users) {
  std::string text;
  for (const User& user : users)
    text += (text.empty() ? "" : ", ") + user.name + " " + count(user.iops);
  return text;
}

double ios_of(const ContainerUse& measured) {
  double sum = 0;
  for (const auto& [device, load] : measured.on) sum += load.iops();
  return sum;
}

std::string own_limit(const Explanation& one) {
  const KeyUse& key = *one.finding.key;
  const std::string what =
      one.finding.held == Held::borrowed ? ", the most that it may borrow," : "";
  return "its own limit: " + used(key) + what + seconds_of(one);
}

std::string total(const Explanation& one) {
  const Finding& finding = one.finding;
  const std::string start = "the total of all pods: ";
  if (finding.held == Held::cut) {
    const KeyUse& key = *finding.key;
    const std::string of = key.configured == 0 ? "" : " of its " + amount(key, key.configured);
    return start + "it is cut to " + amount(key, limit_of(key)) + of + " " + direction(key) + " " +
           unit(key) + ", and uses them" + seconds_of(one);
  }
  if (finding.held == Held::borrowed)
    return start + used(*finding.key) + seconds_of(one) + ", and there is no more to borrow";
  return start + "they " + used(*finding.total);
}

std::string elsewhere(const Explanation& one) {
  if (one.measured.others.empty()) return "it does no I/O on any other block device";
  const auto& [device, ios] = one.measured.others.front();
  return "it does " + count(ios) + " IOPS on " + one.elsewhere + " (" + to_string(device) + ")";
}

std::string verdict(const Explanation& one) {
  switch (one.finding.cause) {
    case Cause::own_limit:
      return own_limit(one) + waiting(one);
    case Cause::total:
      return total(one) + waiting(one);
    case Cause::disk:
      return "the disk: " + speed(*one.finding.disk) + waiting(one);
    case Cause::other_storage:
      return "other storage than the limited disks: " + count(ios_of(one.measured)) +
             " IOPS there" + waiting(one);
    case Cause::own_pace:
      return "its own pace: nothing holds it back; it waits for the answer before it asks for "
             "more" +
             waiting(one);
    case Cause::not_io:
      return "not I/O: it waits " + percent(*one.measured.stalled) + " of the time";
    case Cause::cannot_tell:
      break;
  }
  if (one.measured.loads.empty()) return "cannot tell: it ended before anything was measured";
  return "cannot tell: it is not at a limit, and the kernel does not measure its waiting (cgroup "
         "v1, "
         "or pressure stall information is off)";
}

// ---- evidence ----

std::string configured_limit(const Explanation& one) {
  const KeyUse& key = *one.finding.key;
  std::string text = key.configured == 0 ? "no limit is configured: "
                                         : "limit " + amount(key, key.configured) + " from ";
  text += one.container->reason;
  if (one.finding.held == Held::borrowed)
    text += "; it borrows " + amount(key, key.limits.back() - key.configured);
  const std::chrono::seconds day(one.container->at_limit_day_msec / 1000);
  if (day.count() != 0) text += "; at its limit for " + to_text(day) + " of the last 24 h";
  return text;
}

std::string no_limit(const WorkloadView& view) {
  const std::string state(word_of(view.state, state_words));
  const std::string& why = view.error.empty() ? view.reason : view.error;
  return "it has no limit: " + state + (why.empty() || why == state ? "" : ", " + why);
}

std::string limit_state(const Explanation& one) {
  const KeyUse* key = one.finding.key;
  if (key == nullptr) return no_limit(*one.container);
  std::string text = "it uses " + percent(use_of(*key)) + " of its limit: " + used(*key);
  if (one.finding.at_limit != 0) text += "; at it" + seconds_of(one);
  return text;
}

// "the disk is not the reason: nvme0n1 answers in 0.2 ms, 11% busy; all pods read 620 of 3,000
// IOPS".
std::string bystanders(const Explanation& one) {
  const Finding& finding = one.finding;
  std::string text = finding.disk == nullptr ? "" : speed(*finding.disk);
  if (finding.total != nullptr)
    text += (text.empty() ? "" : "; ") + ("all pods " + used(*finding.total));
  return text;
}

std::string who_fills(const DiskUse& disk) {
  const double outside = std::max(0.0, disk.iops - disk.pods_iops);
  return "of " + count(disk.iops) + " IOPS there: " + list_of(disk.users) +
         (disk.users.empty() ? "" : ", ") + "something outside of the pods " + count(outside);
}

void add_reasons(const Explanation& one, std::vector<std::string>& lines) {
  const Finding& finding = one.finding;
  if (finding.cause == Cause::own_limit || finding.held == Held::cut ||
      finding.held == Held::borrowed) {
    lines.push_back(configured_limit(one));
  } else {
    lines.push_back(limit_state(one));
  }
  if (finding.cause == Cause::disk) {
    lines.push_back(who_fills(*finding.disk));
  } else if (finding.cause == Cause::total && finding.total != nullptr) {
    lines.push_back("all pods " + used(*finding.total) +
                    "; the biggest: " + list_of(finding.total->users));
  } else if (finding.cause == Cause::other_storage) {
    lines.push_back(elsewhere(one));
  }
  if (finding.cause == Cause::disk || finding.cause == Cause::total) return;
  const bool slow = finding.disk != nullptr && is_slow(*finding.disk);
  if (const std::string text = bystanders(one); !text.empty())
    lines.push_back((slow ? "the disk is slow too: " : "the disk is not the reason: ") + text);
}

std::string key_to_raise(const Explanation& one) {
  const Finding& finding = one.finding;
  const LimitKey& key = limit_keys.at(finding.key->key);
  if (finding.held == Held::borrowed) return "ceiling_iops";
  return std::string(key.bytes ? "bps" : "iops") + " or " + std::string(key.name);
}

std::string what_to_do(const Explanation& one) {
  switch (one.finding.cause) {
    case Cause::own_limit:
      return "to give it more: " + key_to_raise(one) + " in " + one.container->reason +
             "; how much it takes: iopsctl advise";
    case Cause::total:
      return "to give all more: total_iops, if the disk can do more; how much: iopsctl advise";
    case Cause::disk:
      return "to protect it: a limit for who fills the disk, or total_iops below what the disk can "
             "do";
    case Cause::other_storage:
      return "to go on: which volumes it uses (kubectl describe pod), network storage among them";
    default:
      return {};
  }
}

}  // namespace

std::vector<std::string> sentences(const Explanation& one) {
  std::vector<std::string> lines{verdict(one)};
  const ContainerUse& measured = one.measured;
  if (!measured.loads.empty()) add_reasons(one, lines);
  if (one.ended && !measured.loads.empty())
    lines.push_back("it was there for only " + counted(measured.loads.size(), "second", "seconds") +
                    " of the sample, which is too short to be sure");
  if (const std::string advice = what_to_do(one); !advice.empty()) lines.push_back(advice);
  for (std::string& line : lines) line = printable(line);
  return lines;
}

}  // namespace iopslimit
