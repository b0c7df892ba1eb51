// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace iopslimit {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Code points that change the direction of the text around them (UAX #9, section 2), break a line,
// or are not shown at all (Default_Ignorable_Code_Point of DerivedCoreProperties.txt): a name could
// look like another one, or move the words beside it.
constexpr std::array<Range, 17> unseen{{{0xAD, 0xAD},
                                        {0x34F, 0x34F},
                                        {0x61C, 0x61C},
                                        {0x115F, 0x1160},
                                        {0x17B4, 0x17B5},
                                        {0x180B, 0x180F},
                                        {0x200B, 0x200F},
                                        {0x2028, 0x202E},
                                        {0x2060, 0x206F},
                                        {0x3164, 0x3164},
                                        {0xFE00, 0xFE0F},
                                        {0xFEFF, 0xFEFF},
                                        {0xFFA0, 0xFFA0},
                                        {0xFFF0, 0xFFFB},
                                        {0x1BCA0, 0x1BCA3},
                                        {0x1D173, 0x1D17A},
                                        {0xE0000, 0xE0FFF}}};

// The code point that the valid bytes encode.
std::uint32_t decode(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  std::uint32_t code = bytes.size() == 1 ? first : first & (0x7FU >> bytes.size());
  for (const char byte : bytes.substr(1))
    code = code << 6U | (static_cast<unsigned char>(byte) & 0x3FU);
  return code;
}

bool is_unseen(std::string_view bytes) {
  const std::uint32_t code = decode(bytes);
  return std::ranges::any_of(
      unseen, [code](const Range& range) { return code >= range.first && code <= range.last; });
}

// The number of bytes of the code point that `text` begins with; 0 if it begins with
// none or with a control character. The range of the second byte excludes overlong forms,
// surrogates, code points above U+10FFFF (RFC 3629, section 4), and the C1 controls.
std::size_t code_point(std::string_view text) {
  const unsigned char first = byte_at(text, 0);
  const unsigned char second = byte_at(text, 1);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  if (first < 0xC2 || first > 0xF4 || !continues(second)) return 0;
  if (first < 0xE0) return first == 0xC2 && second < 0xA0 ? 0 : 2;
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (!continues(byte_at(text, 2))) return 0;
  if (first < 0xF0) return 3;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return continues(byte_at(text, 3)) ? 4 : 0;
}

}  // namespace

std::string sanitize_utf8(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = code_point(text);
    const std::string_view one = text.substr(0, bytes);
    plain += bytes == 0 || (bytes > 1 && is_unseen(one)) ? "?" : one;
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return plain;
}

std::string plain_lines(std::string_view text) {
  std::string plain;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    plain += sanitize_utf8(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return plain + sanitize_utf8(text);
}

}  // namespace iopslimit
