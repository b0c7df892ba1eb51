// SPDX-License-Identifier: Apache-2.0
// Rows of cells as lines of text that fit a width.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace iopslimit {

enum class Colour { none, good, bad, warning, dim, bold };

/// `text` in a colour, for a terminal; as it is when `colours` is false.
std::string coloured(const std::string& text, Colour colour, bool colours);

struct Column {
  std::string title;
  bool right = false;     ///< numbers
  std::size_t least = 0;  ///< may shrink to this width; 0: never shrinks
};

/// Plain text (see sanitize_utf8()).
struct Cell {
  Cell(std::string plain = {}, Colour in = Colour::none)  // NOLINT(google-explicit-constructor)
      : text(std::move(plain)), colour(in) {}
  std::string text;
  Colour colour;
};

/// How text is shown.
struct Look {
  std::optional<std::size_t> width;  ///< columns; nothing: not to a terminal, nothing is cut
  bool colours = false;
};

/// A line of titles, then one for each row. Too wide: the column that has most to give is cut
/// first, to no less than its least width; what is still too wide is cut at the end.
std::vector<std::string> table(const std::vector<Column>& columns,
                               const std::vector<std::vector<Cell>>& rows, const Look& look);

}  // namespace iopslimit
