// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "config/keys.hpp"
#include "config/spelling.hpp"
#include "config/validation.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

// A section's text such as "policy  db", split into the word of the kind and the name. White space
// around and between them does not matter.
struct SectionText {
  std::string word;
  std::string name;

  explicit SectionText(std::string_view text) {
    text = trimmed(text);
    const std::size_t gap = std::min(text.find_first_of(white_space), text.size());
    word = text.substr(0, gap);
    name = trimmed(text.substr(gap));
  }
  std::string shown() const { return "[" + word + (name.empty() ? "]" : " " + name + "]"); }
};

// Adds the entries one by one, then checks the whole configuration.
class ConfigBuilder {
 public:
  void add(const ConfigEntry& entry);
  ParsedConfig finish();

 private:
  void open_section(const ConfigEntry& entry);
  const SectionKind* kind_of(const SectionText& text, const Origin& origin);
  bool written_twice(const ConfigEntry& entry, const SectionText& text);
  void enter_section(const SectionText& text, const ConfigEntry& entry);
  void set_key(const ConfigEntry& entry);
  std::optional<Problem> check_and_set(const ConfigEntry& entry);
  void note_origin(const std::string& section, const std::string& key, const ConfigEntry& entry);
  void error(const Origin& origin, std::string text) {
    parsed_.errors.push_back({origin, std::move(text)});
  }

  ParsedConfig parsed_;
  LimitKeys limits_;  // of [limits]
  // For each section, the entry of its IOPS and bytes-per-second keys that was written last.
  std::map<std::string, const ConfigEntry*> last_limit_;
  ConfigPlaces places_;
  // Maps (file, section, key) to the line where it was written first. The key is empty for a
  // section line.
  std::map<std::tuple<std::string, std::string, std::string>, int> lines_;

  // The section of the current entries, and where its keys are stored.
  std::string file_;
  std::string section_;
  bool usable_ = false;  // false: its line was bad and has been reported; its keys are skipped
  SectionKind kind_;
  std::string shown_;
  DeviceSection* device_ = nullptr;
  PolicySection* policy_ = nullptr;
  LimitKeys* keys_ = nullptr;
  PolicySection no_policy_;  // for sections that are not a policy
};

void ConfigBuilder::add(const ConfigEntry& entry) {
  const bool section_line = entry.key.empty();
  if (section_line || entry.section != section_ || entry.origin.file != file_) open_section(entry);
  if (!section_line && usable_) set_key(entry);
}

void ConfigBuilder::open_section(const ConfigEntry& entry) {
  file_ = entry.origin.file;
  section_ = entry.section;
  usable_ = false;
  const SectionText text(entry.section);
  if (text.word.empty()) {
    return error(entry.origin, entry.key.empty()
                                   ? "a section without a name; " + section_hint("")
                                   : in_quotes(entry.key) + " stands before the first [section]; " +
                                         key_hint(SectionKind{}, entry.key));
  }
  const SectionKind* kind = kind_of(text, entry.origin);
  if (kind == nullptr || written_twice(entry, text)) return;
  usable_ = true;
  kind_ = *kind;
  shown_ = text.shown();
  enter_section(text, entry);
}

const SectionKind* ConfigBuilder::kind_of(const SectionText& text, const Origin& origin) {
  const auto kinds = section_kinds();
  const auto kind = std::ranges::find(kinds, SectionKind{text.word, !text.name.empty()});
  if (kind != kinds.end()) return &*kind;
  const auto namesake = std::ranges::find(kinds, text.word, &SectionKind::word);
  if (namesake == kinds.end()) {
    error(origin, "unknown section " + text.shown() + "; " + section_hint(text.word));
  } else {
    error(origin, text.shown() +
                      (namesake->named ? " has no name; write " : " takes no name; write ") +
                      to_string(*namesake));
  }
  return nullptr;
}

// A section without a name may be opened again. A second section with the same name is an error,
// because it would silently merge with the first.
bool ConfigBuilder::written_twice(const ConfigEntry& entry, const SectionText& text) {
  if (!entry.key.empty() || text.name.empty()) return false;
  const auto place = lines_.try_emplace({entry.origin.file, text.shown(), ""}, entry.origin.line);
  if (place.second) return false;
  error(entry.origin, text.shown() + " is written twice in this file, first on line " +
                          std::to_string(place.first->second) +
                          "; give one another name, or put the keys together");
  return true;
}

// Sets where the section's keys are stored. Remembers a named section when it appears for the first
// time.
void ConfigBuilder::enter_section(const SectionText& text, const ConfigEntry& entry) {
  Config& config = parsed_.config;
  device_ = &config.device;
  policy_ = &no_policy_;
  keys_ = &limits_;
  if (!kind_.named) return;
  const bool known = std::ranges::find(places_.named, shown_, &ConfigPlaces::NamedSection::shown) !=
                     places_.named.end();
  if (!known) places_.named.push_back({kind_, text.name, shown_, &entry});
  if (kind_.word == "device") {
    device_ = &config.more_devices[text.name];
    keys_ = &device_->limits;
    return;
  }
  if (!known)
    config.policies.push_back({text.name, {.origin = entry.origin, .globs = {}, .limits = {}}});
  policy_ =
      &std::ranges::find(config.policies, text.name, &std::pair<std::string, PolicySection>::first)
           ->second;
  keys_ = &policy_->limits;
}

void ConfigBuilder::set_key(const ConfigEntry& entry) {
  std::optional<Problem> wrong = check_and_set(entry);
  if (!wrong) return;
  places_.invalid.insert(shown_);
  error(entry.origin, std::move(*wrong));
}

std::optional<Problem> ConfigBuilder::check_and_set(const ConfigEntry& entry) {
  const ConfigKey* key = find_key(kind_, entry.key);
  if (key == nullptr) {
    return "unknown key " + in_quotes(entry.key) + " in " + shown_ + "; " +
           key_hint(kind_, entry.key);
  }
  const auto place = lines_.try_emplace({entry.origin.file, shown_, entry.key}, entry.origin.line);
  if (!place.second) {
    return in_quotes(entry.key) + " is set twice in " + shown_ + ", first on line " +
           std::to_string(place.first->second) + "; remove one of them";
  }
  if (entry.value.find_first_of("\"'") != std::string::npos) {
    return shown_ + " " + entry.key + ": " + "write the value without quotes";
  }
  KeyTarget target{parsed_.config, *device_, *policy_, *keys_};
  if (const auto wrong = key->set(entry, target)) return shown_ + " " + entry.key + ": " + *wrong;
  places_.winners[{shown_, entry.key}] = &entry;
  return {};
}

ParsedConfig ConfigBuilder::finish() {
  Config& config = parsed_.config;
  config.limit = limits_.resolved(config.limit);
  config.total_iops = limits_.total_iops.value_or(config.total_iops);
  config.sharing = {.fair_total = limits_.fair_total.value_or(config.sharing.fair_total),
                    .headroom = limits_.headroom.value_or(config.sharing.headroom)};
  config.terms = limits_.resolved(config.terms);
  config.scope = limits_.scope.value_or(config.scope);
  for (const auto& [place, entry] : places_.winners) note_origin(place.first, place.second, *entry);
  check_whole(places_, parsed_);
  return std::move(parsed_);
}

void ConfigBuilder::note_origin(const std::string& section, const std::string& key,
                                const ConfigEntry& entry) {
  auto& written = parsed_.config.written;
  written[section + " " + key] = {entry.origin, entry.value};
  const bool limits = section == "[limits]" || section.starts_with("[device ");
  const bool shares = key == "total_iops" || key == "ceiling_iops";
  if (!limits || shares || !(key.ends_with("iops") || key.ends_with("bps"))) return;
  const ConfigEntry*& last = last_limit_[section];
  if (last == nullptr || std::less<>()(last, &entry)) last = &entry;
  written[section] = {last->origin};
}

void append(std::string& text, const Origin& origin) {
  text.append(origin.file);
  if (origin.line != 0) text.append(":").append(std::to_string(origin.line));
}

}  // namespace

std::string to_string(const Origin& origin) {
  std::string text;
  append(text, origin);
  return text;
}

std::string to_string(const ConfigMessage& message) {
  return to_string(message.origin) + ": " + message.text;
}

Limit LimitKeys::resolved(const Limit& base) const {
  return {.read_iops = read_iops.value_or(iops.value_or(base.read_iops)),
          .write_iops = write_iops.value_or(iops.value_or(base.write_iops)),
          .read_bps = read_bps.value_or(bps.value_or(base.read_bps)),
          .write_bps = write_bps.value_or(bps.value_or(base.write_bps))};
}

ShareTerms LimitKeys::resolved(const ShareTerms& base) const {
  return {.lend = lend.value_or(base.lend),
          .ceiling_iops = ceiling_iops.value_or(base.ceiling_iops),
          .weight = weight.value_or(base.weight)};
}

std::vector<DataMount> Config::data_mounts() const {
  const auto one = [this](const std::string& section, const DeviceSection& keys) {
    return DataMount{.section = section,
                     .mount = keys.mount,
                     .limit_at = keys.limit_at,
                     .shared_disk = keys.shared_disk,
                     .limit = keys.limits.resolved(limit),
                     .total_iops = keys.limits.total_iops.value_or(total_iops),
                     .sharing = {.fair_total = keys.limits.fair_total.value_or(sharing.fair_total),
                                 .headroom = keys.limits.headroom.value_or(sharing.headroom)}};
  };
  std::vector<DataMount> mounts{one("[device]", device)};
  for (const auto& [name, keys] : more_devices)
    mounts.push_back(one("[device " + name + "]", keys));
  return mounts;
}

std::string Config::where(const std::string& key) const {
  const auto found = written.find(key);
  if (found == written.end()) return key + " (default)";
  const Origin& origin = found->second.origin;
  std::string text;
  text.reserve(key.size() + origin.file.size() + 16);
  append(text.append(key).append(" ("), origin);
  return text.append(")");
}

ParsedConfig build_config(const std::vector<ConfigEntry>& entries) {
  ConfigBuilder builder;
  for (const ConfigEntry& entry : entries) builder.add(entry);
  return builder.finish();
}

}  // namespace iopslimit
