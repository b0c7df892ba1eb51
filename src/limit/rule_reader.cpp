// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_reader.hpp"

#include <map>

#include "limit/blkio_backend.hpp"
#include "limit/limit_text.hpp"

namespace iopslimit {

RuleReader::RuleReader(const Hierarchy& tree) : version_(tree.version), files_(tree.root) {}

std::optional<std::vector<Rule>> RuleReader::rules(const std::string& cgroup) {
  std::map<Devnum, Limit> limits;
  if (version_ == CgroupVersion::v2) {
    const auto text = files_.read(cgroup, "io.max");
    if (!text) return std::nullopt;
    for (const Devnum device : devices_in(*text)) limits[device] = parse_io_max(*text, device);
  } else {
    for (const auto& [file, value] : blkio_throttles) {
      const auto text = files_.read(cgroup, file);
      if (!text) return std::nullopt;
      for (const Devnum device : devices_in(*text))
        limits[device].*value = parse_blkio(*text, device);
    }
  }
  std::vector<Rule> rules;
  for (const auto& [device, limit] : limits) {
    if (!limit.unlimited()) rules.push_back({device, limit});
  }
  return rules;
}

}  // namespace iopslimit
