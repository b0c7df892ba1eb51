// SPDX-License-Identifier: Apache-2.0
// Announces what is wrong with what a decision follows: annotations, and labels that are not known.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "control/workload.hpp"
#include "report/event_sink.hpp"
#include "report/warned.hpp"

namespace iopslimit {

class DecisionWarnings {
 public:
  explicit DecisionWarnings(EventSink& events) : events_(events) {}

  /// Announces each warning once for a pod, with the name of the first container that causes it.
  void announce(const Workload& workload);
  /// Announces once for each configuration that a policy needs labels which the runtime of this
  /// record does not write down.
  void announce_unknown_labels(const Config& config, const Record& record);
  /// A new configuration follows.
  void configured() { checked_labels_ = false; }
  void forget(const std::string& pod_uid) { warned_.forget(pod_uid); }
  /// Forgets every other pod.
  void keep(const std::set<std::string_view>& pod_uids) { warned_.keep(pod_uids); }

 private:
  EventSink& events_;
  WarnedPods warned_;
  bool checked_labels_ = false;  // announce_unknown_labels() has seen this configuration
};

}  // namespace iopslimit
