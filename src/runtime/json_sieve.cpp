// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_sieve.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

void JsonSieve::feed(std::string_view piece) {
  if (members_.empty()) {
    kept_ += piece;
    return;
  }
  for (std::size_t at = 0; at < piece.size(); ++at) {
    if (in_string_ && !keep_) at = skip_string(piece, at);
    if (at == piece.size()) return;
    const char c = piece[at];
    if (in_string_) {
      in_string(c);
    } else if (depth_ > 0) {
      in_value(c);
    } else {
      in_object(c);
    }
  }
}

// Returns the place of the next byte that may end the string; most of a large text is passed here.
std::size_t JsonSieve::skip_string(std::string_view piece, std::size_t at) {
  while (at < piece.size() && !escaped_ && piece[at] != '"' && piece[at] != '\\') ++at;
  return at;
}

void JsonSieve::in_string(char c) {
  if (keep_) kept_ += c;
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
    if (!keep_ && depth_ == 0) kept_ += c;
    if (is_key_) key_size_ = kept_.size() - key_at_ - 1;
  }
}

// Inside of a value whose members are not told apart.
void JsonSieve::in_value(char c) {
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  if (keep_ || depth_ == 0) kept_ += c;
  in_string_ = c == '"';
  is_key_ = false;
}

void JsonSieve::in_object(char c) {
  if (is_blank(c)) {
    if (!kept_.empty() && !is_blank(kept_.back())) kept_ += c;
    return;
  }
  kept_ += c;
  if (c == '"') return open_string();
  if (c == '{' || c == '[') return open(c);
  if (c == '}' || c == ']') {
    if (!objects_.empty()) objects_.pop_back();
    in_value_ = false;
  }
  if (c == ':') in_value_ = true;
  if (c == ',') in_value_ = false;
}

void JsonSieve::open_string() {
  in_string_ = true;
  is_key_ = !in_value_;
  keep_ = is_key_ || kept_member() != nullptr;
  if (is_key_) key_at_ = kept_.size();
}

void JsonSieve::open(char bracket) {
  const bool is_root = objects_.empty() && bracket == '{';
  const KeptMember* member = in_value_ ? kept_member() : nullptr;
  const bool enter = bracket == '{' && member != nullptr && !member->inside.empty();
  if (is_root || enter) {
    objects_.push_back(is_root ? members_ : member->inside);
    in_value_ = false;
    return;
  }
  keep_ = member != nullptr;
  depth_ = 1;
}

// The member whose key was read last; null if it is not kept.
const KeptMember* JsonSieve::kept_member() const {
  if (objects_.empty()) return nullptr;
  const std::string_view key = std::string_view(kept_).substr(key_at_, key_size_);
  if (key.find('\\') != std::string_view::npos) return &escaped_key_;
  const auto found = std::ranges::find(objects_.back(), key, &KeptMember::key);
  return found == objects_.back().end() ? nullptr : &*found;
}

}  // namespace iopslimit
