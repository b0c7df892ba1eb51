// SPDX-License-Identifier: Apache-2.0
#include "api/piecework.hpp"

#include <chrono>
#include <utility>

namespace iopslimit {

void Piecework::add(Step job) {
  jobs_.push_back(std::move(job));
  next_.start({});
}

void Piecework::turn() {
  constexpr std::chrono::milliseconds a_turn{2};
  const auto begin = std::chrono::steady_clock::now();
  while (!jobs_.empty() && std::chrono::steady_clock::now() - begin < a_turn) {
    if (!jobs_.front()()) jobs_.pop_front();
  }
  if (!jobs_.empty()) next_.restart({});
}

}  // namespace iopslimit
