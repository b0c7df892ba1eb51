// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

// The number of bytes of the printable code point that `text` begins with; 0 if it begins with
// none. The range of the second byte excludes overlong forms, surrogates, code points above
// U+10FFFF (RFC 3629, section 4), and the C1 controls.
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
    plain += bytes == 0 ? "?" : text.substr(0, bytes);
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
