// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_change.hpp"

namespace iopslimit {

std::string_view unit_of(std::string_view cgroup) {
  constexpr std::string_view slice = ".slice";
  std::string_view name;
  for (std::string_view rest = cgroup; !rest.empty();) {
    if (!name.empty() && !name.ends_with(slice)) return {};  // below a scope, or a plain directory
    rest.remove_prefix(1);
    name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
  }
  return name.ends_with(slice) || name.ends_with(".scope") ? name : std::string_view();
}

}  // namespace iopslimit
