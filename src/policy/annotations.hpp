// SPDX-License-Identifier: Apache-2.0
// What a pod asks for by its annotations, and how much of it the operator grants. Pod authors are
// not trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "limit/limit.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// The well-formed part of a pod's wish.
struct PodRequest {
  LimitKeys keys;                      ///< what it asks for; 0 = unlimited
  std::vector<std::string> requested;  ///< "iopslimit.org/iops = 800", those that count
  std::vector<std::string> warnings;   ///< what is ignored, and why; one sentence each
};

/// Reads PREFIX/iops, read-iops, write-iops, bps, read-bps and write-bps; the one for a single
/// direction wins over the one for both. Where two prefixes give the same key, the first prefix of
/// the configuration wins. Bytes per second are written as in the configuration, or as
/// RAMInBytes of docker's go-units takes them (10MB, 1.5GiB, 64k), which users of kubediskguard.io
/// have in their pods.
PodRequest read_request(const std::vector<std::string>& prefixes, const Record::Pairs& annotations);

struct Granted {
  Limit limit;
  std::string clamps;  ///< ", read IOPS raised to 50 by [annotations] min_iops (file:line)"; or ""
};

/// A wish within [annotations] min_iops, max_iops, min_bps, max_bps. `base` is the limit without
/// annotations: a pod may always ask for less than that, down to the least, and for more up to the
/// most (which is `base` itself while max_* is 0). Directions that are not asked for keep `base`.
/// `policy` (its name and section; may be null) can have a most of its own.
Granted grant(const Config& config, const NamedPolicy* policy, const Limit& base,
              const LimitKeys& request);

/// Bytes per second as an annotation may write them. Empty: good; else what is wrong.
std::string parse_ram_size(std::string_view text, std::uint64_t& value);

}  // namespace iopslimit
