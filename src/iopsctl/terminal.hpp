// SPDX-License-Identifier: Apache-2.0
// The terminal: how wide, whether colours, and as a screen of its own for `top`.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "iopsctl/table.hpp"

namespace iopslimit {

/// How standard output is shown: $COLUMNS, else the terminal's width; nothing is cut where it is no
/// terminal. Colours on a terminal that is not dumb, unless $NO_COLOR is set (no-color.org).
Look look_of_output();
/// Lines of the terminal; 24 where nobody knows.
std::size_t height_of_output();

/// Takes the terminal over, and gives it back as it was when it goes.
class Screen {
 public:
  Screen();
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void enter();
  /// To the shell and back (Ctrl-Z).
  void leave();
  /// In one write: no line is ever half drawn.
  static void draw(const std::vector<std::string>& lines);

 private:
  termios before_{};
  bool is_terminal_ = false;
  bool entered_ = false;
};

}  // namespace iopslimit
