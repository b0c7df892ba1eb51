// SPDX-License-Identifier: Apache-2.0
#include "control/announcer.hpp"

#include <utility>

namespace iopslimit {

void Announcer::emit(const Event& event) {
  settle();
  events_.push_back(event);
}

void Announcer::decided(Workload& workload, const Before& before) {
  workload.waits = true;
  waiting_.push_back({&workload, before});
}

void Announcer::settle() {
  while (!waiting_.empty()) create_one();
}

void Announcer::create_one() {
  const auto [workload, before] = std::move(waiting_.front());
  waiting_.pop_front();
  workload->waits = false;
  if (workload->last_error) return;  // the limit failed: the error has its own event
  events_.push_back(iopslimit::decided(workload_event(workload->path, workload->names()),
                                       workload->decision, workload->held, before));
}

bool Announcer::deliver_one() {
  while (events_.empty() && !waiting_.empty()) create_one();
  if (events_.empty()) return false;
  const Event event = std::move(events_.front());
  events_.pop_front();
  for (const Listener& listener : listeners_) listener(event);
  return true;
}

}  // namespace iopslimit
