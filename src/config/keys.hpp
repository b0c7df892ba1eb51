// SPDX-License-Identifier: Apache-2.0
// The table of configuration keys: the only place that knows their names, checks, defaults and
// texts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace iopslimit {

/// Where the values of the current section are stored.
struct KeyTarget {
  Config& config;
  DeviceSection& device;  ///< of [device] or [device NAME]
  PolicySection& policy;  ///< of [policy NAME]
  LimitKeys& limits;      ///< of [limits], [device NAME] or [policy NAME]
};

/// A kind of section. [device NAME] and [policy NAME] are the kinds with a name.
struct SectionKind {
  std::string_view word;  ///< "policy"
  bool named = false;
  bool operator==(const SectionKind&) const = default;
};

struct ConfigKey {
  enum class Also { nowhere, devices, devices_and_policies };

  SectionKind section;
  std::string_view key;           ///< "label.KEY" stands for every label
  std::string_view default_text;  ///< as it would be written in a file
  std::string_view what;          ///< describes the key in one or two sentences
  /// Checks the entry's value and stores it in `target`. Returns the same as the parse_* functions.
  std::optional<Problem> (*set)(const ConfigEntry& entry, KeyTarget& target);
  Also also_in = Also::nowhere;       ///< named sections that take this key too
  std::string_view more = {};         ///< further text for the manual page, not the sample file
  std::string_view environment = {};  ///< the variable that overrides the files, or empty
};

/// Every key, in the order of the installed file.
std::span<const ConfigKey> config_keys();

/// Every kind of section, in the same order.
std::span<const SectionKind> section_kinds();

/// "[device]", "[policy NAME]"
std::string to_string(const SectionKind& kind);

/// The key of that name in that kind of section, or nullptr.
const ConfigKey* find_key(const SectionKind& kind, std::string_view key);

/// Hint for a key that `kind` does not have: the section it belongs to, the nearest known key, or
/// all keys of `kind`.
std::string key_hint(const SectionKind& kind, std::string_view key);

/// Hint for a word that begins no section: the nearest section, or all sections.
std::string section_hint(std::string_view word);

}  // namespace iopslimit
