// SPDX-License-Identifier: Apache-2.0
#include "advice/workload_name.hpp"

#include <algorithm>

#include "loop/token.hpp"

namespace iopslimit {
namespace {

// Of generated names, and what the decimal digits of a hash become (apimachinery/pkg/util/rand:
// alphanums, SafeEncodeString).
constexpr std::string_view generated = "bcdfghjklmnpqrstvwxz2456789";
constexpr std::string_view hashed = "456789bcdf";
constexpr std::string_view digits = "0123456789";
constexpr std::size_t suffix_size = 5;
// A longer base is cut, and may lose its last dash (apiserver/pkg/storage/names/generate.go).
constexpr std::size_t longest_generated = 63;

bool consists_of(std::string_view text, std::string_view letters, std::size_t least,
                 std::size_t most) {
  return text.size() >= least && text.size() <= most &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

// What follows the last dash; empty if there is no dash, or nothing before it.
std::string_view last_part(std::string_view name) {
  const auto dash = name.rfind('-');
  return dash == std::string_view::npos || dash == 0 ? std::string_view() : name.substr(dash + 1);
}

void remove_part(std::string_view& name) {
  name.remove_suffix(last_part(name).size() + 1);
}

// A ReplicaSet's hash (before 1.8 a decimal number), or a CronJob's minute (before 1.21 second).
bool is_middle(std::string_view part) {
  return consists_of(part, hashed, 6, 10) || consists_of(part, digits, 8, 10);
}

bool remove_cut_suffix(std::string_view& name) {
  if (name.size() != longest_generated) return false;
  const std::string_view suffix = name.substr(name.size() - suffix_size);
  if (!consists_of(suffix, generated, suffix_size, suffix_size)) return false;
  name.remove_suffix(suffix_size);
  if (name.ends_with('-')) name.remove_suffix(1);
  constexpr std::size_t longest_hash = 10;
  if (consists_of(last_part(name), hashed, 1, longest_hash)) remove_part(name);
  return true;
}

bool remove_suffix(std::string_view& name) {
  const std::string_view last = last_part(name);
  if (consists_of(last, generated, suffix_size, suffix_size)) {
    remove_part(name);
    if (is_middle(last_part(name))) remove_part(name);
    return true;
  }
  constexpr std::size_t longest_ordinal = 6;
  if (!consists_of(last, digits, 1, longest_ordinal)) return false;
  remove_part(name);
  return true;
}

}  // namespace

WorkloadName workload_of_pod(std::string_view pod) {
  std::string_view name = pod;
  const bool cut = last_part(name).size() != suffix_size && remove_cut_suffix(name);
  if (!cut && !remove_suffix(name)) return {std::string(pod), std::string(pod)};
  const std::string rest(name);
  return {rest, rest + (cut ? "*" : "-*")};
}

bool is_kubernetes_name(std::string_view name) {
  constexpr std::size_t longest = 253;
  return !name.empty() && name.size() <= longest && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char letter) {
           return is_alphanumeric(letter) || letter == '-' || letter == '.' || letter == '_';
         });
}

}  // namespace iopslimit
