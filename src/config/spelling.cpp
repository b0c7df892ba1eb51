// SPDX-License-Identifier: Apache-2.0
#include "config/spelling.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace iopslimit {
namespace {

// Far longer than every known name. A longer word gets no hint, so computing the distance stays
// cheap.
constexpr std::size_t longest_word = 100;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// Optimal string alignment: Levenshtein's distance in which two swapped neighbours count as one
// error. It needs only three rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// Allows one error in a short word, and errors in a third of the letters of a long one: "cat" must
// not become "bps".
std::size_t most_errors(std::string_view word) {
  return word.size() <= 4 ? 1 : std::max<std::size_t>(2, word.size() / 3);
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string_view>& known) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t fewest = most_errors(word) + 1;
  for (const std::string_view name : known) {
    const std::size_t errors = distance(word, name);
    if (errors >= fewest) continue;
    fewest = errors;
    nearest = name;
  }
  return nearest;
}

std::string in_quotes(std::string_view word) {
  constexpr std::size_t most = 60;
  std::size_t size = std::min(word.size(), most);
  // Do not cut in the middle of a UTF-8 character.
  while (size < word.size() && size > 0 &&
         (static_cast<unsigned char>(word[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  std::string text = "'";
  for (const char letter : word.substr(0, size)) {
    const auto code = static_cast<unsigned char>(letter);
    text += code < 0x20 || code == 0x7F ? '?' : letter;
  }
  return text + (size < word.size() ? "...'" : "'");
}

}  // namespace iopslimit
