// SPDX-License-Identifier: Apache-2.0
// What only the whole configuration shows: keys that contradict each other, sections that lack
// something, keys that do not act yet.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/keys.hpp"

namespace iopslimit {

/// Where the keys of a configuration were written. The pointers are into one vector of entries, so
/// the greater of two was written later.
struct ConfigPlaces {
  struct NamedSection {
    SectionKind kind;
    std::string name;          ///< "db"
    std::string shown;         ///< "[policy db]", its name in the other members
    const ConfigEntry* first;  ///< where it was written first
  };

  /// [device NAME] and [policy NAME], in the order written.
  std::vector<NamedSection> named;
  /// (section, key) to the entry that counts.
  std::map<std::pair<std::string, std::string>, const ConfigEntry*> winners;
  /// Sections with an error: what they seem to lack may stand on that line.
  std::set<std::string> invalid;

  /// The entry that counts for a key, or nullptr.
  const ConfigEntry* winner(const std::string& section, const std::string& key) const;
};

/// Adds to the errors of `parsed`, whose config holds every entry that was good by
/// itself.
void check_whole(const ConfigPlaces& places, ParsedConfig& parsed);

/// What a configuration asks for that a node with this hierarchy (v1 or v2) cannot do. Empty: all
/// can be done.
std::vector<ConfigMessage> check_on(const Config& config, CgroupVersion found);

}  // namespace iopslimit
