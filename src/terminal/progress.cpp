// SPDX-License-Identifier: Apache-2.0
#include "terminal/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "terminal/display.hpp"
#include "terminal/terminal.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t most_bar = 40;
constexpr std::size_t least_bar = 5;

std::string bar(double share, std::size_t columns) {
  const double inside = std::clamp(share, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(inside * static_cast<double>(columns));
  return "  [" + std::string(full, '#') + std::string(columns - full, '.') + "]";
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string progress_text(const std::string& what, double share,
                          std::optional<std::chrono::seconds> left, std::size_t width) {
  constexpr std::size_t around_bar = 4;  // two blanks and the brackets
  const std::string rest = left ? "  " + std::to_string(left->count()) + " s left" : "";
  const std::size_t taken = display_width(what) + rest.size() + around_bar;
  std::string text = what;
  if (taken + least_bar <= width) text += bar(share, std::min(most_bar, width - taken));
  text = truncate(text + rest, width);
  return text + std::string(width - display_width(text), ' ');
}

ProgressLine::ProgressLine() : on_terminal_(isatty(STDERR_FILENO) != 0) {}

// The last column stays free: a terminal would go to the next line.
void ProgressLine::draw(const std::string& what, double share,
                        std::optional<std::chrono::seconds> left) {
  if (!on_terminal_) return;
  const std::size_t width = std::max<std::size_t>(style_of(STDERR_FILENO).width.value_or(0), 2);
  std::string text = progress_text(what, share, left, width - 1);
  if (text == drawn_) return;
  print("\r" + text);
  drawn_ = std::move(text);
}

void ProgressLine::clear() {
  if (!drawn_.empty()) print("\r" + std::string(display_width(drawn_), ' ') + "\r");
  drawn_.clear();
}

}  // namespace iopslimit
