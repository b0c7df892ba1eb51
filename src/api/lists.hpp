// SPDX-License-Identifier: Apache-2.0
// Answers the calls for which all containers have to be looked at, in pieces: on a large node one
// piece of work for all would hold the service up.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/callers.hpp"
#include "api/piecework.hpp"
#include "api/selector.hpp"
#include "api/snapshot.hpp"
#include "api/snapshot_fields.hpp"

namespace iopslimit {

inline constexpr const char* no_such_container = "org.iopslimit1.Error.NoSuchContainer";
inline constexpr const char* ambiguous_name = "org.iopslimit1.Error.AmbiguousName";

/// Each container is in an answer as it was when it was looked at; one that comes or goes meanwhile
/// may be missing. Nothing is kept after the answer. A call that asks for too much is answered with
/// an error (see Callers), and so is one during which something throws.
class Lists {
 public:
  /// Some containers, the next ones after this cgroup in the order of the cgroups. None: there is
  /// no further one.
  using Containers = std::function<std::vector<WorkloadView>(const std::string& after)>;

  Lists(EventLoop& loop, Callers& callers, Containers containers)
      : callers_(callers), containers_(std::move(containers)), work_(loop) {}

  void reply_containers(sd_bus_message* call);
  void reply_pods(sd_bus_message* call);
  /// A list that comes in pieces: `next` appends some, and returns false if it was the last time.
  using Pieces = std::function<bool(std::vector<Fields>& some)>;
  void reply_pieces(sd_bus_message* call, Pieces next);
  /// A list that is there.
  void reply(sd_bus_message* call, const std::vector<Fields>& list);
  /// Passes on the one container or pod that `word` names. If there is not exactly one, answers the
  /// call with an error.
  using Act = std::function<void(const Selector&)>;
  void choose(sd_bus_message* call, const std::string& word, Act act);

 private:
  class Reply;

  void work_on(sd_bus_message* call, Piecework::Step step);
  bool see(std::string& after, const std::function<void(std::vector<WorkloadView>)>& use);

  Callers& callers_;
  Containers containers_;
  Piecework work_;
};

}  // namespace iopslimit
