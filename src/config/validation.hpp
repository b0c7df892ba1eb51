// SPDX-License-Identifier: Apache-2.0
// Checks that need the whole configuration: keys that contradict each other, sections that lack a
// key, keys that have no effect yet.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/keys.hpp"
#include "limit/capabilities.hpp"

namespace iopslimit {

/// Where the keys of a configuration were written. The pointers all point into one vector of
/// entries, so of two pointers the greater one was written later.
struct ConfigPlaces {
  struct NamedSection {
    SectionKind kind;
    std::string name;          ///< "db"
    std::string shown;         ///< "[policy db]", its name in the other members
    const ConfigEntry* first;  ///< where it was written first
  };

  /// [device NAME] and [policy NAME], in the order written.
  std::vector<NamedSection> named;
  /// Maps (section, key) to the entry that counts.
  std::map<std::pair<std::string, std::string>, const ConfigEntry*> winners;
  /// Sections with an error. They are not checked further, because a key that seems to be missing
  /// may be on the bad line.
  std::set<std::string> invalid;

  /// The entry that counts for a key, or nullptr.
  const ConfigEntry* winner(const std::string& section, const std::string& key) const;
};

/// Adds errors to `parsed`, whose config holds every entry that was valid by itself.
void check_whole(const ConfigPlaces& places, ParsedConfig& parsed);

/// Messages about settings that a node whose limits have these capabilities cannot apply. Empty if
/// it can apply all of them.
std::vector<ConfigMessage> check_on(const Config& config, const Capabilities& found);

}  // namespace iopslimit
