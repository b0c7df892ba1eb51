// SPDX-License-Identifier: Apache-2.0
// Remembers the warnings already given about each pod: one is enough, however many of its
// containers repeat it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace iopslimit {

class WarnedPods {
 public:
  /// Returns true the first time for this pod and text.
  bool add(const std::string& pod_uid, const std::string& text) {
    return announced_[pod_uid].insert(text).second;
  }
  bool empty() const { return announced_.empty(); }
  void forget(const std::string& pod_uid) { announced_.erase(pod_uid); }
  /// Forgets every other pod.
  void keep(const std::set<std::string_view>& pod_uids) {
    std::erase_if(announced_, [&](const auto& one) { return !pod_uids.contains(one.first); });
  }

 private:
  std::map<std::string, std::set<std::string>> announced_;
};

}  // namespace iopslimit
