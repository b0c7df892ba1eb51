// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/advise.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <set>

#include "advice/workload_name.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

// A section's name has at most 49 bytes (config/ini_reader), "policy " among them.
constexpr std::size_t longest_policy = 42;

std::string full_name(const Advice& one) {
  const std::string name = one.pod_namespace + "/" + one.workload;
  return one.container.empty() ? name : name + "/" + one.container;
}

bool is_part_of(const std::string& full, const std::string& name) {
  if (!full.starts_with(name)) return false;
  return full.size() == name.size() || full[name.size()] == '/';
}

bool means(const std::string& name, const Advice& one) {
  if (one.total) return false;
  const std::string full = full_name(one);
  return is_part_of(full, name) || is_part_of(full.substr(one.pod_namespace.size() + 1), name);
}

// The name with the workload in place of a pod; `first` is the part from which on that is tried.
std::string without_pod(const std::string& name, std::size_t first) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t part = 0; begin <= name.size(); ++part) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string word = name.substr(begin, end - begin);
    result += (part == 0 ? "" : "/") + (part == first ? workload_of_pod(word).name : word);
    begin = end + 1;
  }
  return result;
}

std::string pods_text(const Advice& one) {
  return one.total ? "all pods" : one.pod_namespace + "/" + one.pods;
}

// "500", or "300r 600w" where the directions differ.
std::string both(const std::string& read, const std::string& write) {
  return read == write ? read : read + "r " + write + "w";
}

std::string days(std::uint64_t seconds) {
  const std::uint64_t tenths = seconds * 10 / 86400;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string limit_text(const AdvisedLimit& one) {
  return one.limit == 0 ? "none" : grouped(one.limit);
}

// What was held back is not known: more than the limit.
std::string use_text(const AdvisedLimit& one, std::uint64_t iops) {
  const bool hidden = one.limit != 0 && iops > one.limit && one.at_limit_permille != 0;
  return hidden ? ">" + grouped(one.limit) : grouped(iops);
}

std::string use_text(const Advice& one, std::uint64_t AdvisedLimit::*part) {
  return both(use_text(one.read, one.read.*part), use_text(one.write, one.write.*part));
}

std::string part_text(const AdvisedLimit& one) {
  return percent(static_cast<double>(one.at_limit_permille) / 1000);
}

bool lends(const AdvisedLimit& one) {
  return one.limit != 0 && one.target + one.limit / 10 < one.limit;
}

bool wants(const AdvisedLimit& one) {
  return one.limit != 0 && one.target > one.limit;
}

std::string left(const AdvisedLimit& one) {
  return grouped(one.limit - std::min(one.target, one.limit));
}

std::string advice_text(const Advice& one) {
  const bool capped = one.read.capped || one.write.capped;
  std::string text = one.early ? "too early: " : "";
  if (capped) text += "at least ";
  text += both(grouped(one.read.target), grouped(one.write.target));
  if (one.exempt) return text + " (exempt)";
  if (capped) return text + ": raise, look again in a day";
  if (wants(one.read) || wants(one.write)) return text + ": raise";
  if (lends(one.read) && lends(one.write))
    return text + ": could lend " + both(left(one.read), left(one.write));
  return text;
}

std::string evidence(const Advice& one, const char* part, std::uint64_t AdvisedLimit::*value) {
  return std::string(part) + " of the minutes up to " + grouped(one.read.*value) + " reads and " +
         grouped(one.write.*value) + " writes a second";
}

std::string policy_name(const Advice& one, std::set<std::string>& used) {
  std::string name = full_name(one);
  if (name.size() > longest_policy) name = "advice-" + std::to_string(used.size() + 1);
  used.insert(name);
  return name;
}

void add_section(const Advice& one, const std::string& name, Lines& lines) {
  lines.push_back("");
  lines.push_back("[policy " + name + "]");
  lines.push_back("# " + days(one.observed_seconds) +
                  " days: " + evidence(one, "half", &AdvisedLimit::p50) + ",");
  lines.push_back("# " + evidence(one, "95%", &AdvisedLimit::p95) + ", " +
                  evidence(one, "99%", &AdvisedLimit::p99) + ".");
  if (one.read.capped || one.write.capped)
    lines.push_back("# At its limit of " + both(limit_text(one.read), limit_text(one.write)) +
                    " for " + both(part_text(one.read), part_text(one.write)) +
                    " of the time: it needs at least this. Look again in a day.");
  lines.push_back("namespace = " + one.pod_namespace);
  lines.push_back("pod = " + one.pods);
  if (!one.container.empty()) lines.push_back("container = " + one.container);
  lines.push_back("read_iops = " + std::to_string(one.read.target));
  lines.push_back("write_iops = " + std::to_string(one.write.target));
}

}  // namespace

std::vector<Advice> advice_named(const std::vector<Advice>& all, const std::string& name) {
  if (name.empty()) return all;
  for (const std::string& word : {name, without_pod(name, 1), without_pod(name, 0)}) {
    std::vector<Advice> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const Advice& one) {
      return means(word, one) || (!one.total && one.container == name);
    });
    if (!found.empty()) return found;
  }
  return {};
}

Lines advise_screen(const std::vector<Advice>& all, const Style& style) {
  const std::vector<Column> columns{
      {.title = "WORKLOAD", .share = 0.25}, {.title = "CONTAINER", .share = 0.15},
      {.title = "DAYS", .right = true},     {.title = "LIMIT", .right = true},
      {.title = "P50", .right = true},      {.title = "P95", .right = true},
      {.title = "P99", .right = true},      {.title = "AT LIMIT", .right = true},
      {.title = "ADVICE", .share = 0.2}};
  std::vector<std::vector<Cell>> rows;
  for (const Advice& one : all) {
    const bool capped = one.read.capped || one.write.capped;
    rows.push_back({printable(pods_text(one)),
                    one.container.empty() ? "-" : printable(one.container),
                    days(one.observed_seconds),
                    both(limit_text(one.read), limit_text(one.write)),
                    use_text(one, &AdvisedLimit::p50),
                    use_text(one, &AdvisedLimit::p95),
                    use_text(one, &AdvisedLimit::p99),
                    both(part_text(one.read), part_text(one.write)),
                    {advice_text(one), one.early ? Colour::dim
                                       : capped  ? Colour::warning
                                                 : Colour::none}});
  }
  return table(columns, rows, style);
}

// The longer pattern first: of two that match a pod, that one means it.
Lines advise_ini(const std::vector<Advice>& all) {
  Lines lines{
      "# Written by 'iopsctl advise --ini'. The first [policy] that matches applies, so look "
      "at the older ones too.",
      "# These are limits; with lend = yes, guarantees."};
  std::vector<const Advice*> shown;
  for (const Advice& one : all) {
    if (one.total && !one.early)
      lines.push_back("# All pods together: " + evidence(one, "99%", &AdvisedLimit::p99) +
                      "; [limits] total_iops = " +
                      std::to_string(std::max(one.read.target, one.write.target)) + " holds them.");
    if (!one.total && !one.early && !one.exempt) shown.push_back(&one);
  }
  if (shown.empty()) lines.push_back("# No workload was observed for a day yet.");
  std::ranges::stable_sort(shown, std::ranges::greater(),
                           [](const Advice* one) { return one->pods.size(); });
  std::set<std::string> used;
  for (const Advice* one : shown) add_section(*one, policy_name(*one, used), lines);
  return lines;
}

}  // namespace iopslimit
