// SPDX-License-Identifier: Apache-2.0
#include "terminal/table.hpp"

#include <libsmartcols/libsmartcols.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "loop/token.hpp"
#include "terminal/display.hpp"

namespace iopslimit {
namespace {

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

void check(int result) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), "libsmartcols");
}

template <class Made>
Made* check(Made* made) {
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

struct Unref {
  void operator()(libscols_table* table) const { scols_unref_table(table); }
};
struct Free {
  void operator()(char* text) const { std::free(text); }
};

class Table {
 public:
  Table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
        const Style& style)
      : table_(check(scols_new_table())), width_(style.width) {
    check(scols_table_set_column_separator(table_.get(), gap));
    check(scols_table_enable_colors(table_.get(), style.colours ? 1 : 0));
    check(scols_table_set_termforce(table_.get(),
                                    width_ ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER));
    if (width_) check(scols_table_set_termwidth(table_.get(), *width_));
    for (const Column& column : columns) add(column);
    for (const std::vector<Cell>& row : rows) add(row);
    if (rows.empty()) add(std::vector<Cell>(columns.size()));  // without a line there are no titles
    titles_only_ = rows.empty();
  }

  std::vector<std::string> lines() {
    print();
    if (width_) {
      while (columns_.size() > 1 && total_width() > *width_) hide_last();
      if (mark_what_is_cut()) print();
    }
    if (titles_only_) lines_.resize(1);
    return std::move(lines_);
  }

 private:
  static constexpr const char* gap = "  ";

  void add(const Column& column) {
    const int flags = (column.right ? SCOLS_FL_RIGHT : 0) | (column.share > 0 ? SCOLS_FL_TRUNC : 0);
    columns_.push_back(
        check(scols_table_new_column(table_.get(), column.title.c_str(), column.share, flags)));
    check(scols_cell_set_color(scols_column_get_header(columns_.back()), code_of(Colour::bold)));
  }

  void add(const std::vector<Cell>& row) {
    libscols_line* line = check(scols_table_new_line(table_.get(), nullptr));
    for (std::size_t at = 0; at < row.size(); ++at) {
      check(scols_line_set_data(line, at, row[at].text.c_str()));
      if (row[at].colour != Colour::none)
        check(scols_cell_set_color(scols_line_get_cell(line, at), code_of(row[at].colour)));
    }
  }

  // libsmartcols knows the columns' widths once it has printed them.
  void print() {
    char* printed = nullptr;
    check(scols_print_table_to_string(table_.get(), &printed));
    const std::unique_ptr<char, Free> owned(printed);
    lines_.clear();
    std::string_view rest = printed;
    while (!rest.empty()) lines_.emplace_back(take_token(rest, '\n'));
  }

  std::size_t total_width() const {
    std::size_t total = 2 * (columns_.size() - 1);
    for (const libscols_column* column : columns_) total += scols_column_get_width(column);
    return total;
  }

  void hide_last() {
    check(scols_column_set_flags(columns_.back(), SCOLS_FL_HIDDEN));
    columns_.pop_back();
    print();
  }

  // libsmartcols truncates without a mark. True when a cell has got one.
  bool mark_what_is_cut() {
    bool any = false;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const std::size_t most = std::min(scols_column_get_width(columns_[at]), *width_);
      any = mark(scols_column_get_header(columns_[at]), most) || any;
      for (std::size_t line = 0; line < scols_table_get_nlines(table_.get()); ++line) {
        libscols_cell* cell = scols_line_get_cell(scols_table_get_line(table_.get(), line), at);
        any = mark(cell, most) || any;
      }
    }
    return any;
  }

  static bool mark(libscols_cell* cell, std::size_t most) {
    const std::string text = scols_cell_get_data(cell);
    if (display_width(text) <= most) return false;
    check(scols_cell_set_data(cell, truncate(text, most).c_str()));
    return true;
  }

  std::unique_ptr<libscols_table, Unref> table_;
  std::optional<std::size_t> width_;
  std::vector<libscols_column*> columns_;  // that are not hidden
  std::vector<std::string> lines_;
  bool titles_only_ = false;
};

}  // namespace

std::string coloured(const std::string& text, Colour colour, bool colours) {
  if (!colours || colour == Colour::none || text.empty()) return text;
  return code_of(colour) + text + "\x1b[0m";
}

std::vector<std::string> table(const std::vector<Column>& columns,
                               const std::vector<std::vector<Cell>>& rows, const Style& style) {
  return Table(columns, rows, style).lines();
}

}  // namespace iopslimit
