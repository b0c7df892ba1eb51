// SPDX-License-Identifier: Apache-2.0
// Announces what is wrong with the annotations that a decision follows.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "control/workload.hpp"
#include "report/event_sink.hpp"
#include "report/warned.hpp"

namespace iopslimit {

class DecisionWarnings {
 public:
  explicit DecisionWarnings(EventSink& events) : events_(events) {}

  /// Announces each warning once for a pod, with the name of the first container that causes it.
  void announce(const Workload& workload);
  void forget(const std::string& pod_uid) { warned_.forget(pod_uid); }
  /// Forgets every other pod.
  void keep(const std::set<std::string_view>& pod_uids) { warned_.keep(pod_uids); }

 private:
  EventSink& events_;
  WarnedPods warned_;
};

}  // namespace iopslimit
