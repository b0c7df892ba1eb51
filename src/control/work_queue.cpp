// SPDX-License-Identifier: Apache-2.0
#include "control/work_queue.hpp"

#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t kept_capacity = 256;

std::string take_last(std::vector<std::string>& cgroups) {
  std::string cgroup = std::move(cgroups.back());
  cgroups.pop_back();
  return cgroup;
}

}  // namespace

void WorkQueue::run_retries() {
  if (retry_.empty()) return;
  for (const std::string& cgroup : std::exchange(retry_, {})) workers_.retry(cgroup);
  retry_.clear();
}

void WorkQueue::write_limits() {
  run_retries();
  if (std::exchange(rebalance_, false)) workers_.rebalance();
}

bool WorkQueue::run_one() {
  run_retries();
  if (std::exchange(rebalance_, false)) {
    workers_.rebalance();
  } else if (!repair_.empty()) {
    workers_.repair(repair_.extract(repair_.begin()).value());
  } else if (!verify_.empty()) {
    workers_.verify(take_last(verify_));
  } else if (!follow_.empty()) {
    workers_.follow(take_last(follow_));
  } else {
    return workers_.announce();
  }
  return true;
}

bool WorkQueue::read_one() {
  if (unread_.empty()) return false;
  if (!unread_.contains(reading_)) reading_ = *unread_.begin();
  if (workers_.read(reading_)) unread_.erase(reading_);
  return true;
}

void WorkQueue::shrink() {
  for (std::vector<std::string>* cgroups : {&verify_, &follow_}) {
    if (cgroups->capacity() > kept_capacity) cgroups->shrink_to_fit();
  }
}

}  // namespace iopslimit
