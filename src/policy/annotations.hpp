// SPDX-License-Identifier: Apache-2.0
// What a pod requests by its annotations, and how much of it the operator grants. Pod authors are
// not trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "limit/limit.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// The valid part of a pod's request.
struct PodRequest {
  LimitKeys keys;                      ///< the requested limits; 0 = unlimited
  std::vector<std::string> requested;  ///< the annotations that count: "iopslimit.org/iops = 800"
  std::vector<std::string> warnings;  ///< one sentence for each ignored annotation, with the reason
};

/// Reads PREFIX/iops, read-iops, write-iops, bps, read-bps, write-bps and ceiling-iops. A key for a
/// single direction wins over the key for both. If two prefixes give the same key, the prefix that
/// comes first in the configuration wins. Bytes per second are written as in the configuration, or
/// as RAMInBytes of docker's go-units accepts them (10MB, 1.5GiB, 64k), because users of
/// kubediskguard.io have such values in their pods.
PodRequest read_request(const std::vector<std::string>& prefixes, const Record::Pairs& annotations);

struct Granted {
  Limit limit;
  std::string clamps;  ///< ", read IOPS raised to 50 by [annotations] min_iops (file:line)"; or ""
};

/// Limits a request to the bounds [annotations] min_iops, max_iops, min_bps and max_bps. `base` is
/// the limit without annotations. A pod may always request less than `base`, down to the minimum,
/// and more than `base`, up to the maximum (which is `base` itself while max_* is 0). Directions
/// without a request keep `base`. `policy` (its name and section; may be null) can have its own
/// maximum.
Granted grant(const Config& config, const NamedPolicy* policy, const Limit& base,
              const LimitKeys& request);

/// Lowers the ceiling of a container that may borrow to the requested one. A pod cannot raise it,
/// and 0 asks for nothing. True if a ceiling is lower now.
bool lower_ceiling(std::vector<ShareTerms>& terms, const LimitKeys& request);

/// Parses bytes per second as written in an annotation. As the parse_*
/// functions of config/values.
[[nodiscard]] std::optional<Problem> parse_ram_size(std::string_view text, std::uint64_t& value);

}  // namespace iopslimit
