// SPDX-License-Identifier: Apache-2.0
#include "terminal/display.hpp"

#include <langinfo.h>

#include <algorithm>
#include <clocale>
#include <cwchar>

#include "report/utf8.hpp"

namespace iopslimit {
namespace {

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

// A byte that is no character of the locale counts as one column.
Character first_character(std::string_view text) {
  std::mbstate_t state{};
  wchar_t code = 0;
  const std::size_t bytes = std::mbrtowc(&code, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {1, 1};
  return {bytes, static_cast<std::size_t>(std::max(wcwidth(code), 0))};
}

}  // namespace

void use_utf8_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string printable(std::string_view text) {
  return sanitize_utf8(text);
}

std::string printable_lines(std::string_view text) {
  return plain_lines(text);
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character one = first_character(text);
    columns += one.columns;
    text.remove_prefix(one.bytes);
  }
  return columns;
}

std::size_t bytes_within(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Character one = first_character(text.substr(bytes));
    if (one.columns > columns) break;
    columns -= one.columns;
    bytes += one.bytes;
  }
  return bytes;
}

std::string truncate(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  // Where there is no UTF-8 locale at all, the mark itself would be too wide.
  const char* mark = display_width("…") == 1 ? "…" : "~";
  return std::string(text.substr(0, bytes_within(text, columns - 1))) + mark;
}

}  // namespace iopslimit
