// SPDX-License-Identifier: Apache-2.0
#include "policy/annotations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "config/spelling.hpp"
#include "config/values.hpp"

namespace iopslimit {
namespace {

struct Key {
  std::string_view name;
  std::optional<std::uint64_t> LimitKeys::*member;
  std::optional<Problem> (*parse)(std::string_view text, std::uint64_t& value);
};

constexpr std::array keys{
    Key{"iops", &LimitKeys::iops, parse_iops},
    Key{"read-iops", &LimitKeys::read_iops, parse_iops},
    Key{"write-iops", &LimitKeys::write_iops, parse_iops},
    Key{"bps", &LimitKeys::bps, parse_ram_size},
    Key{"read-bps", &LimitKeys::read_bps, parse_ram_size},
    Key{"write-bps", &LimitKeys::write_bps, parse_ram_size},
    Key{"ceiling-iops", &LimitKeys::ceiling_iops, parse_iops},
};

std::string unknown_key(std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(keys.size());
  for (const Key& key : keys) known.push_back(key.name);
  const auto near = nearest_name(name, known);
  return near ? "is not known; did you mean '" + *near + "'?"
              : "is not known; there are iops, read-iops, write-iops, bps, read-bps, write-bps, "
                "ceiling-iops";
}

// A pod may carry thousands of annotations. The journal gets this many warnings, and one more that
// says that there are others.
constexpr std::size_t most_complaints = 6;

void warn(PodRequest& request, std::string text) {
  if (request.warnings.size() < most_complaints) return request.warnings.push_back(std::move(text));
  if (request.warnings.size() == most_complaints)
    request.warnings.emplace_back("more annotations are ignored");
}

// Reads one annotation whose key begins with the prefix and its slash.
void read_one(const Record::Pairs::value_type& annotation, std::string_view name,
              PodRequest& request) {
  const auto* const key = std::ranges::find(keys, name, &Key::name);
  if (key == keys.end()) {
    return warn(request, "annotation " + in_quotes(annotation.first) + " is ignored: it " +
                             unknown_key(name));
  }
  if (request.keys.*key->member) return;  // an earlier prefix has set it
  std::uint64_t value = 0;
  if (const auto wrong = key->parse(annotation.second, value))
    return warn(request, "annotation " + annotation.first + " is ignored: " + *wrong);
  request.keys.*key->member = value;
  request.requested.push_back(annotation.first + " = " + std::to_string(value));
}

// The bounds of one quantity, and where the operator wrote them.
struct Bound {
  std::uint64_t least;
  std::uint64_t most;   // 0: the limit without annotations
  std::string minimum;  // "[annotations] min_iops"
  std::string maximum;
};

// A policy's own maximum replaces that of [annotations].
Bound bound_of(std::string_view what, std::uint64_t least, std::uint64_t most,
               const NamedPolicy* policy, std::optional<std::uint64_t> PolicySection::*own) {
  Bound bound{least, most, "[annotations] min_", "[annotations] max_"};
  if (policy != nullptr && policy->second.*own) {
    bound.most = *(policy->second.*own);
    bound.maximum = "[policy " + policy->first + "] max_";
  }
  bound.minimum += what;
  bound.maximum += what;
  return bound;
}

std::string clamp_note(std::string_view what, std::string_view verb, std::uint64_t value,
                       const std::string& by) {
  return ", " + std::string(what) + " " + std::string(verb) + " to " + std::to_string(value) +
         " by " + by;
}

std::uint64_t clamped(const Config& config, const Bound& bound, std::uint64_t base,
                      std::optional<std::uint64_t> request, std::string_view what,
                      std::string& clamps) {
  if (!request) return base;
  const std::uint64_t ceiling = base == 0 ? 0 : std::max(base, bound.most);
  if (ceiling != 0 && (*request == 0 || *request > ceiling)) {
    clamps +=
        clamp_note(what, "lowered", ceiling,
                   ceiling == base ? "the limit without annotations" : config.where(bound.maximum));
    return ceiling;
  }
  const std::uint64_t floor = ceiling == 0 ? bound.least : std::min(bound.least, ceiling);
  if (*request != 0 && *request < floor) {
    clamps += clamp_note(what, "raised", floor, config.where(bound.minimum));
    return floor;
  }
  return *request;
}

std::optional<std::uint64_t> either(const std::optional<std::uint64_t>& direction,
                                    const std::optional<std::uint64_t>& both) {
  return direction ? direction : both;
}

// The number of bits by which to shift a number whose unit begins with this letter; -1 if no unit
// does.
int unit_shift(char letter) {
  constexpr std::string_view units = "bBkKmMgGtTpP";
  const std::size_t place = units.find(letter);
  return place == std::string_view::npos ? -1 : static_cast<int>(place / 2) * 10;
}

// Whether `rest` may follow a unit's first letter: nothing, "b" or "ib", in upper or lower case.
bool ends_unit(std::string_view rest) {
  if (rest.starts_with('i') || rest.starts_with('I')) {
    rest.remove_prefix(1);
    return rest == "b" || rest == "B";
  }
  return rest.empty() || rest == "b" || rest == "B";
}

}  // namespace

PodRequest read_request(const std::vector<std::string>& prefixes,
                        const Record::Pairs& annotations) {
  PodRequest request;
  for (const std::string& prefix : prefixes) {
    for (const auto& annotation : annotations) {
      const std::string_view key = annotation.first;
      if (key.size() <= prefix.size() || !key.starts_with(prefix) || key[prefix.size()] != '/')
        continue;
      read_one(annotation, key.substr(prefix.size() + 1), request);
    }
  }
  return request;
}

Granted grant(const Config& config, const NamedPolicy* policy, const Limit& base,
              const LimitKeys& request) {
  const Bound iops = bound_of("iops", config.annotation_min_iops, config.annotation_max_iops,
                              policy, &PolicySection::annotation_max_iops);
  const Bound bps = bound_of("bps", config.annotation_min_bps, config.annotation_max_bps, policy,
                             &PolicySection::annotation_max_bps);
  Granted granted;
  std::string& clamps = granted.clamps;
  granted.limit = {
      .read_iops = clamped(config, iops, base.read_iops, either(request.read_iops, request.iops),
                           "read IOPS", clamps),
      .write_iops = clamped(config, iops, base.write_iops, either(request.write_iops, request.iops),
                            "write IOPS", clamps),
      .read_bps = clamped(config, bps, base.read_bps, either(request.read_bps, request.bps),
                          "read bytes/s", clamps),
      .write_bps = clamped(config, bps, base.write_bps, either(request.write_bps, request.bps),
                           "write bytes/s", clamps)};
  return granted;
}

bool lower_ceiling(std::vector<ShareTerms>& terms, const LimitKeys& request) {
  const std::uint64_t asked = request.ceiling_iops.value_or(0);
  bool lowered = false;
  for (ShareTerms& one : terms) {
    if (!one.lend || asked == 0 || (one.ceiling_iops != 0 && one.ceiling_iops <= asked)) continue;
    one.ceiling_iops = asked;
    lowered = true;
  }
  return lowered;
}

std::optional<Problem> parse_ram_size(std::string_view text, std::uint64_t& value) {
  const Problem wrong = in_quotes(text) +
                        " is no number of bytes per second; write one such as 10485760, 10M, "
                        "10MB or 1.5GiB, or 0 for unlimited";
  double number = 0;
  const auto result =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (result.ec != std::errc() || !std::isfinite(number) || number < 0) return wrong;
  std::string_view unit(result.ptr,
                        static_cast<std::size_t>(text.data() + text.size() - result.ptr));
  if (unit.size() > 1 && unit.front() == ' ') unit.remove_prefix(1);
  int shift = 0;
  if (!unit.empty()) {
    shift = unit_shift(unit.front());
    if (shift < 0 || !ends_unit(unit.substr(1)) || (shift == 0 && unit.size() > 1)) return wrong;
  }
  const double bytes = std::floor(std::ldexp(number, shift));
  // 2^63 and more are beyond every disk. A double is precise enough for this check.
  if (bytes >= 0x1p63) return in_quotes(text) + " is too large";
  value = static_cast<std::uint64_t>(bytes);
  if (number != 0 && value < min_limit) return in_quotes(text) + " is too small: 2 is the least";
  return {};
}

}  // namespace iopslimit
