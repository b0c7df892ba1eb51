// SPDX-License-Identifier: Apache-2.0
// Cgroup names below a container are a pod author's to choose.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/container.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // As it is, and below a real container: nothing there may be taken for one.
  const std::string container = "/kubepods/burstable/pod0a/" + std::string(64, 'a');
  if (place_of(container + "/" + text) == CgroupPlace::container && !text.empty()) std::abort();
  const auto path = parse_container_path(text);
  if (path.has_value() != (place_of(text) == CgroupPlace::container)) std::abort();
  if (path && (!is_container_id(path->id) || path->cgroup != text || path->pod_uid.empty()))
    std::abort();
  return 0;
}
