// SPDX-License-Identifier: Apache-2.0
// What the runtime's socket said about pods: their labels and annotations.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cgroup/path.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// What the runtime says of a pod.
struct PodFacts {
  std::string pod;
  std::string pod_namespace;
  Record::Pairs labels;       ///< the requested labels
  Record::Pairs annotations;  ///< the requested annotations
  bool operator==(const PodFacts&) const = default;
};

/// The pods that the runtime was asked about, by UID.
class PodFactsTable {
 public:
  /// std::nullopt: the runtime does not know the pod.
  void set(const std::string& pod_uid, std::optional<PodFacts> facts) {
    pods_.insert_or_assign(pod_uid, std::move(facts));
  }
  bool knows(std::string_view pod_uid) const { return pods_.contains(pod_uid); }
  /// True if the runtime knows the pod.
  bool has(std::string_view pod_uid) const {
    const auto found = pods_.find(pod_uid);
    return found != pods_.end() && found->second.has_value();
  }
  void each(const std::function<void(const std::string& pod_uid)>& see) const {
    for (const auto& one : pods_) see(one.first);
  }
  void forget(std::string_view pod_uid) {
    if (const auto found = pods_.find(pod_uid); found != pods_.end()) pods_.erase(found);
  }
  /// Forgets the pods whose UID is not `known` any more.
  void forget_unless(const std::function<bool(const std::string& pod_uid)>& known) {
    std::erase_if(pods_, [&known](const auto& one) { return !known(one.first); });
  }
  /// Forgets the pods that the runtime does not know.
  void forget_unknown() {
    std::erase_if(pods_, [](const auto& one) { return !one.second; });
  }
  void clear() { pods_.clear(); }
  std::size_t size() const { return pods_.size(); }

  /// Adds what is known of the container's pod to its record. The runtime tells labels from
  /// annotations, which a pod's author can blur in a record, so its labels and annotations replace
  /// those of the record, and its names fill what the record lacks: it is not incomplete any more.
  /// Adds nothing, and returns false, if nothing is known, or if the record has another name or
  /// namespace: then the facts are not those of this pod. Allocates nothing for unknown pods.
  bool add_to(Record& record, const ContainerPath& container) const;

 private:
  std::map<std::string, std::optional<PodFacts>, std::less<>> pods_;
};

}  // namespace iopslimit
