// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/share_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "policy/pauses.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

// What a limit differs from the configured one. IOPS; bandwidth moves along with them.
struct Change {
  std::uint64_t above = 0;
  std::uint64_t below = 0;
  std::uint64_t instead_of_none = 0;  // the limit, where none is configured
};
struct Changes {
  Change read;
  Change write;
};

void add(Change& sum, std::uint64_t configured, std::uint64_t now) {
  if (configured == 0) {
    sum.instead_of_none += now;
  } else {
    sum.above += now > configured ? now - configured : 0;
    sum.below += now < configured ? configured - now : 0;
  }
}

void add(Changes& sum, const Limit& configured, const Limit& now) {
  add(sum.read, configured.read_iops, now.read_iops);
  add(sum.write, configured.write_iops, now.write_iops);
}

bool has_changes(const WorkloadView& one) {
  return &guarantees_of(one) != &one.rules;
}

Changes changes_of(const WorkloadView& one) {
  Changes sum;
  if (!has_changes(one)) return sum;
  for (std::size_t i = 0; i < one.rules.size(); ++i)
    add(sum, one.configured[i].limit, one.rules[i].limit);
  return sum;
}

void append(std::string& text, const std::string& separator, const std::string& more) {
  if (more.empty()) return;
  text += (text.empty() ? "" : separator) + more;
}

// "1,340", "1,340 reads/s", "1,340 reads/s, 20 writes/s"; empty for 0.
std::string in_words(std::uint64_t read, std::uint64_t write) {
  if (read == write) return read == 0 ? "" : grouped(read);
  std::string text = read == 0 ? "" : grouped(read) + " reads/s";
  append(text, ", ", write == 0 ? "" : grouped(write) + " writes/s");
  return text;
}

// "+1,340", "+1,340r +20w".
std::string in_short(const char* sign, std::uint64_t read, std::uint64_t write) {
  if (read == write) return read == 0 ? "" : sign + grouped(read);
  std::string text = read == 0 ? "" : sign + grouped(read) + "r";
  append(text, " ", write == 0 ? "" : sign + grouped(write) + "w");
  return text;
}

std::string limit_text(const Limit& configured, const Limit& now) {
  Changes is;
  add(is, configured, now);
  std::string text = short_limit(configured);
  append(text, " ", in_short("+", is.read.above, is.write.above));
  append(text, " ", in_short("-", is.read.below, is.write.below));
  const std::string instead = in_short("", is.read.instead_of_none, is.write.instead_of_none);
  if (configured == now || instead.empty()) return text;
  return text + ", " + instead + " now";
}

std::string with(const char* verb, const std::string& amount) {
  return amount.empty() ? "" : verb + amount;
}

std::string borrowed(const Changes& of) {
  return with("borrows ", in_words(of.read.above, of.write.above));
}

std::string cut(const Changes& of) {
  std::string text = with("cut by ", in_words(of.read.below, of.write.below));
  append(text, ", ", with("cut to ", in_words(of.read.instead_of_none, of.write.instead_of_none)));
  return text;
}

std::string lent(const WorkloadView& one) {
  return with("lends ", in_words(one.lends_read_iops, one.lends_write_iops));
}

// ---- status ----

std::string why_off(const Snapshot& snapshot) {
  const auto has_total = [](const DeviceView& device) { return device.total_iops != 0; };
  const auto is_limited = [&](const DeviceView& device) {
    return has_total(device) && device.state == DeviceState::limited;
  };
  if (snapshot.dry_run) return "dry run";
  if (snapshot.cleared) return "the limits are cleared";
  if (std::ranges::none_of(snapshot.devices, has_total)) return "no data mount has total_iops";
  if (std::ranges::none_of(snapshot.devices, is_limited))
    return "no data mount with total_iops is limited";
  if (snapshot.containers.empty() && snapshot.totals.empty()) return "there is no pod";
  return "fair_total = no";
}

// "; /data: 1,340 reads/s lent, 170 cut" for each data mount where there is something to say.
std::string mounts_text(const Snapshot& snapshot) {
  std::string text;
  for (const DeviceView& device : snapshot.devices) {
    const std::string lent = in_words(device.lent.read_iops, device.lent.write_iops);
    const std::string cut = in_words(device.cut.read_iops, device.cut.write_iops);
    std::string both = lent.empty() ? "" : lent + " lent";
    append(both, ", ", cut.empty() ? "" : cut + " cut");
    if (!both.empty()) text += "; " + device.mount + ": " + both;
  }
  return text;
}

std::string counts_text(const ShareView& sharing) {
  if (sharing.grants == 0 && sharing.recalls == 0) return {};
  std::string text = "; since the start: " + counted(sharing.grants, "limit", "limits") +
                     " raised, " + std::to_string(sharing.recalls) + " lowered";
  if (sharing.worst_recall_usec != 0)
    text += ", the slowest in " + milliseconds(sharing.worst_recall_usec);
  const std::chrono::seconds below(sharing.below_msec / 1000);
  if (below.count() != 0) text += ", busy containers below their limit for " + to_text(below);
  return text;
}

}  // namespace

std::string share_state_text(const Snapshot& snapshot) {
  const ShareView& sharing = snapshot.sharing;
  std::string text = std::string(word_of(sharing.state, share_state_words)) + ": ";
  switch (sharing.state) {
    case ShareState::off:
      return text + why_off(snapshot);
    case ShareState::recalled:
      return text +
             "every limit is the configured one for half a minute; why: journalctl -u iops-limitd "
             "ACTION=sharing" +
             counts_text(sharing);
    case ShareState::asleep:
    case ShareState::sharing:
      break;
  }
  text += sharing.changed == 0 ? "every limit is the configured one"
                               : counted(sharing.changed, "container has", "containers have") +
                                     " another limit than the configured one";
  return text + mounts_text(snapshot) + counts_text(sharing);
}

std::string shared_limits(const WorkloadView& container) {
  if (!has_changes(container)) return short_limits(container.rules);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < container.rules.size(); ++i) {
    std::string text = limit_text(container.configured[i].limit, container.rules[i].limit);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  std::string all;
  for (const std::string& text : texts) append(all, ", ", text);
  return all;
}

std::string share_note(const WorkloadView& container) {
  const Changes of = changes_of(container);
  const std::string less = cut(of);
  std::string note = borrowed(of);
  append(note, "; ", less.empty() ? "" : less + ": the busy ones want more than the total");
  append(note, "; ", lent(container));
  return note;
}

std::string at_limit_note(const WorkloadView& container) {
  constexpr std::chrono::seconds least{10};
  const std::chrono::seconds day(container.at_limit_day_msec / 1000);
  return day < least ? "" : "at its limit for " + to_text(day) + " of the last 24 h";
}

std::string short_difference(const WorkloadView& container) {
  const auto [read, write] = changes_of(container);
  const auto number = [](std::uint64_t value) { return short_number(static_cast<double>(value)); };
  const std::uint64_t most = std::max({read.above, read.below, write.above, write.below});
  if (most == 0) return read.instead_of_none + write.instead_of_none == 0 ? "" : "cut";
  const std::string up = most == read.above || most == write.above ? "+" : "-";
  const bool both = up == "+" ? read.above == write.above : read.below == write.below;
  const bool reads = most == (up == "+" ? read.above : read.below);
  return up + number(most) + (both ? "" : reads ? "r" : "w");
}

std::vector<std::pair<std::string, std::string>> share_lines(const WorkloadView& container) {
  const Changes of = changes_of(container);
  std::vector<std::string> texts;
  if (const std::string more = borrowed(of); !more.empty())
    texts.push_back("it " + more + ", which others leave, until they need them");
  if (const std::string less = cut(of); !less.empty())
    texts.push_back("it is " + less +
                    ", because the busy containers together want more than the total");
  if (const std::string left = lent(container); !left.empty())
    texts.push_back("it " + left + ", which it does not use, until it needs them");
  std::vector<std::pair<std::string, std::string>> lines;
  if (texts.empty()) return lines;
  for (const Rule& rule : guarantees_of(container)) lines.emplace_back("Guarantee", describe(rule));
  for (const std::string& text : texts) lines.emplace_back("Sharing", text);
  return lines;
}

}  // namespace iopslimit
