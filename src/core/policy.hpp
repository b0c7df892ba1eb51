// SPDX-License-Identifier: Apache-2.0
// Configuration and a container in, the limit it should have out.
#pragma once

#include <optional>
#include <string>

#include "core/config.hpp"
#include "core/container.hpp"
#include "core/limit.hpp"
#include "core/record.hpp"

namespace iopslimit {

enum class Verdict { limited, exempt, sandbox };

/// What a container should have, and why. `limit` is unlimited for exempt containers and sandboxes.
struct Decision {
  Verdict verdict = Verdict::limited;
  Limit limit;
  std::string reason;  ///< "[limits]", "[exclude] keyword 'istio-proxy' in the container's name",
                       ///< "no record yet"
  bool operator==(const Decision&) const = default;
};

/// Limited until proven exempt: without a record the answer is the default limit.
Decision decide(const Config& config, const Record* record);

/// The reason a record is exempt by `[exclude]`, if it is. A keyword is a case-sensitive substring
/// of image, container, pod or namespace; an empty keyword matches nothing.
std::optional<std::string> excluded_by(const Config& config, const Record& record);

}  // namespace iopslimit
