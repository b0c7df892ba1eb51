// SPDX-License-Identifier: Apache-2.0
#include "share/rates.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

constexpr Moment one_second{1000};
// Readings do not come to the millisecond: four of 250 ms are a second even if they come early.
constexpr Moment tolerance{60};

}  // namespace

void Rates::add(Moment now, std::uint64_t count) {
  if (size_ != 0 && (count < back(0).count || now < back(0).at)) clear();
  if (size_ != 0 && now == back(0).at) {
    readings_[last_].count = count;
    return;
  }
  last_ = (last_ + 1) % room;
  readings_[last_] = {now, count};
  size_ = std::min(size_ + 1, room);
}

double Rates::between(std::size_t newer, std::size_t older) const {
  const auto count = static_cast<double>(back(newer).count - back(older).count);
  return count * 1000 / static_cast<double>((back(newer).at - back(older).at).count());
}

double Rates::tick() const {
  return size_ < 2 ? 0 : between(0, 1);
}

double Rates::recent() const {
  return size_ < 2 ? 0 : between(0, std::min<std::size_t>(2, size_ - 1));
}

double Rates::tick_seconds() const {
  return size_ < 2 ? 0 : std::chrono::duration<double>(back(0).at - back(1).at).count();
}

double Rates::mean_before(std::size_t newest, Moment time) const {
  std::size_t oldest = newest;
  while (oldest + 1 < size_ && back(newest).at - back(oldest).at < time - tolerance) ++oldest;
  return oldest == newest ? 0 : between(newest, oldest);
}

double Rates::peak() const {
  double peak = 0;
  for (std::size_t newest = 0; newest < size_; ++newest) {
    if (back(0).at - back(newest).at > one_second + tolerance) break;
    peak = std::max(peak, mean_before(newest, one_second));
  }
  return peak;
}

bool Rates::reached(double rate, int most) const {
  constexpr std::size_t ticks = 4;
  int found = 0;
  for (std::size_t newer = 0; newer < ticks && newer + 1 < size_; ++newer)
    found += between(newer, newer + 1) >= rate ? 1 : 0;
  return found >= most;
}

Rates::Stretch Rates::since(Moment since) const {
  std::size_t oldest = 0;
  while (oldest + 1 < size_ && back(oldest).at > since) ++oldest;
  return {back(0).count - back(oldest).count, back(0).at - back(oldest).at};
}

Moment Rates::covered() const {
  return size_ == 0 ? Moment{0} : back(0).at - back(size_ - 1).at;
}

}  // namespace iopslimit
