// SPDX-License-Identifier: Apache-2.0
// One line on standard error that is drawn again and again while something takes long.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace iopslimit {

/// "reads, 4 at a time  [######........]  41 s left", in exactly `width` columns. Without a rest
/// that part is missing; what does not fit is truncated.
std::string progress_text(const std::string& what, double share,
                          std::optional<std::chrono::seconds> left, std::size_t width);

/// Draws nothing where standard error is no terminal. Uses no colours.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void draw(const std::string& what, double share, std::optional<std::chrono::seconds> left);
  /// Removes the line: before other text is printed.
  void clear();

 private:
  bool on_terminal_;
  std::string drawn_;
};

}  // namespace iopslimit
