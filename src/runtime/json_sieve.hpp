// SPDX-License-Identifier: Apache-2.0
// Reduces a JSON text of any size to the members that are asked for, piece by piece.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iopslimit {

/// A member of an object that is kept: as a whole, or only these members of the object that it is.
struct KeptMember {
  std::string_view key;
  std::span<const KeptMember> inside = {};
};

/// Leaves out what is in the values of all other members: an object becomes {}, a list [], a string
/// "". A parser that takes apart only the kept members reads the same from what is left as from the
/// whole text. What is left out is not validated.
class JsonSieve {
 public:
  /// Without `members` everything is kept. They are not copied.
  explicit JsonSieve(std::span<const KeptMember> members) : members_(members) {}

  /// Takes in the next bytes of the text.
  void feed(std::string_view piece);
  /// What is left of the text so far.
  const std::string& kept() const { return kept_; }

 private:
  std::size_t skip_string(std::string_view piece, std::size_t at);
  void in_string(char c);
  void in_value(char c);
  void in_object(char c);
  void open_string();
  void open(char bracket);
  const KeptMember* kept_member() const;

  std::span<const KeptMember> members_;
  std::string kept_;
  std::vector<std::span<const KeptMember>> objects_;  // around the current place, of which the
                                                      // members are told apart
  std::size_t depth_ = 0;   // of the brackets around the current place in the current value
  std::size_t key_at_ = 0;  // where in kept_ the last key begins, behind its quotation mark
  std::string_view::size_type key_size_ = 0;
  KeptMember escaped_key_;  // a key with an escape may be any: the parser decides
  bool in_value_ = false;   // behind the colon of a member
  bool keep_ = false;       // the current value or string
  bool in_string_ = false;
  bool is_key_ = false;  // the current string
  bool escaped_ = false;
};

}  // namespace iopslimit
