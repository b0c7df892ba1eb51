// SPDX-License-Identifier: Apache-2.0
// The terminal: its size, its colours, and a full screen for `top`.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "terminal/table.hpp"

namespace iopslimit {

/// The style for a file descriptor. Width: $COLUMNS, else that of the terminal; none when it is not
/// a terminal. Colours: on a terminal, unless it is dumb or $NO_COLOR is set (no-color.org).
Style style_of(int descriptor);
/// The style for standard output.
Style output_style();
/// Rows of the terminal: $LINES, else its size, else 24.
std::size_t output_height();

/// Takes over the terminal. Restores it on destruction.
class Screen {
 public:
  Screen();
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void enter();
  /// Restores the terminal, for Ctrl-Z; enter() takes it again.
  void leave();
  /// Draws in one write, so that no line is ever half drawn.
  static void draw(const std::vector<std::string>& lines);

 private:
  termios before_{};
  bool is_terminal_ = false;
  bool entered_ = false;
};

}  // namespace iopslimit
