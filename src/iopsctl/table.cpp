// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/table.hpp"

#include <algorithm>
#include <numeric>

#include "report/utf8.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t gap = 2;

const char* code_of(Colour colour) {
  switch (colour) {
    case Colour::none:
      return "";
    case Colour::good:
      return "\x1b[32m";
    case Colour::bad:
      return "\x1b[1;31m";
    case Colour::warning:
      return "\x1b[33m";
    case Colour::dim:
      return "\x1b[2m";
    case Colour::bold:
      return "\x1b[1m";
  }
  return "";
}

std::size_t sum_of(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + gap * (widths.size() - 1);
}

void shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns,
            std::size_t most) {
  while (sum_of(widths) > most) {
    std::size_t widest = widths.size();
    for (std::size_t at = 0; at < widths.size(); ++at) {
      const bool gives = columns[at].least != 0 && widths[at] > columns[at].least;
      if (gives && (widest == widths.size() || widths[at] > widths[widest])) widest = at;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

std::string line_of(const std::vector<Cell>& cells, const std::vector<Column>& columns,
                    const std::vector<std::size_t>& widths, const Look& look) {
  std::string line;
  std::size_t left = look.width.value_or(std::string::npos);
  for (std::size_t at = 0; at < cells.size() && left != 0; ++at) {
    const std::size_t room = std::min(widths[at], left);
    const std::string text = truncate(cells[at].text, room);
    const std::string blanks(room - display_width(text), ' ');
    const bool last = at + 1 == cells.size();
    if (columns[at].right) line += blanks;
    line += coloured(text, cells[at].colour, look.colours);
    left -= room;
    if (last) break;
    const std::size_t between = std::min(gap, left);
    if (!columns[at].right) line += blanks;
    line += std::string(between, ' ');
    left -= between;
  }
  return line;
}

}  // namespace

std::string coloured(const std::string& text, Colour colour, bool colours) {
  if (!colours || colour == Colour::none || text.empty()) return text;
  return code_of(colour) + text + "\x1b[0m";
}

std::vector<std::string> table(const std::vector<Column>& columns,
                               const std::vector<std::vector<Cell>>& rows, const Look& look) {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    std::size_t width = display_width(columns[at].title);
    for (const auto& row : rows) width = std::max(width, display_width(row[at].text));
    widths.push_back(width);
    titles.emplace_back(columns[at].title, Colour::bold);
  }
  if (look.width) shrink(widths, columns, *look.width);
  std::vector<std::string> lines{line_of(titles, columns, widths, look)};
  for (const auto& row : rows) lines.push_back(line_of(row, columns, widths, look));
  return lines;
}

}  // namespace iopslimit
