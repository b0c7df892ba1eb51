// SPDX-License-Identifier: Apache-2.0
// Finds the container or pod that an operator's word names.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/snapshot.hpp"

namespace iopslimit {

/// A container or a pod as a whole.
struct Selector {
  std::string whom;   ///< the container's cgroup, or the pod's uid; see Pauses
  std::string shown;  ///< "shop/db-0/db", "shop/db-0"
  bool pod = false;
  std::vector<const WorkloadView*> containers;  ///< one, or all of the pod; in the snapshot
};

/// Every container or pod that the word matches; a single match is the selection. Exact matches
/// take precedence over prefixes. A container matches by its cgroup, id, name, pod/name or
/// namespace/pod/name, or by a prefix of any of these except the cgroup. A pod matches by its uid,
/// name or namespace/name, or by a prefix of any of these.
std::vector<Selector> selectors_of(const std::vector<WorkloadView>& containers,
                                   std::string_view word);

/// Finds the same as selectors_of() without having all containers at one time: all are passed to
/// look() first, in any number of parts, and then once more to keep(). If more than `most` match,
/// only those of the first ones are found.
class Search {
 public:
  static constexpr std::size_t most = 100;

  explicit Search(std::string word) : word_(std::move(word)) {}

  void look(const std::vector<WorkloadView>& some);
  void keep(std::vector<WorkloadView> some);
  /// Valid as long as the search.
  std::vector<Selector> found() const { return selectors_of(kept_, word_); }

 private:
  const std::set<std::string>& wanted() const { return exact_.empty() ? begun_ : exact_; }

  std::string word_;
  std::set<std::string> exact_;  // pods' uids, and cgroups outside of pods
  std::set<std::string> begun_;
  std::vector<WorkloadView> kept_;
};

/// Every full word that names exactly one container or pod, for shell completion.
std::vector<std::string> words_of(const std::vector<WorkloadView>& containers);

/// The error text when not exactly one matches: "no container or pod is called x; ..." or
/// "x may be any of: ...".
std::string why_not_one(const std::vector<Selector>& selectors, std::string_view word);

}  // namespace iopslimit
