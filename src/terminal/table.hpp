// SPDX-License-Identifier: Apache-2.0
// Rows of cells as lines of text that fit a width. libsmartcols lays them out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace iopslimit {

enum class Colour { none, good, bad, warning, dim, bold };

/// `text` in a colour, for a terminal; unchanged when `colours` is false.
std::string coloured(const std::string& text, Colour colour, bool colours);

struct Column {
  std::string title;
  bool right = false;  ///< aligned to the right, for numbers
  double share =
      0;  ///< truncated first where it is wider than this share of the terminal; 0: never
};

/// Printable text (see printable()).
struct Cell {
  Cell(std::string printable = {}, Colour in = Colour::none)  // NOLINT(google-explicit-constructor)
      : text(std::move(printable)), colour(in) {}
  std::string text;
  Colour colour;
};

/// How text is printed.
struct Style {
  std::optional<std::size_t> width;  ///< columns; none: no terminal, nothing is truncated
  bool colours = false;
};

/// A line of titles and one line for each row. Where they are too wide, columns are truncated;
/// where that does not help, the last columns are left out.
std::vector<std::string> table(const std::vector<Column>& columns,
                               const std::vector<std::vector<Cell>>& rows, const Style& style);

}  // namespace iopslimit
