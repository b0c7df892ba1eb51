// SPDX-License-Identifier: Apache-2.0
// Whatever stands in mountinfo: no crash, and what is found is what was asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "disk/mountinfo.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto mounts = parse_mountinfo(text);
  for (const Mount& one : mounts) {
    const auto found = find_mount(mounts, one.mount_point);
    if (!found || found->mount_point != one.mount_point) std::abort();
    refused_file_system(one);
  }
  if (!mounts.empty()) holding_mount(mounts, mounts.front().mount_point);

  const auto devnum = parse_devnum(text);
  if (devnum && parse_devnum(to_string(*devnum)) != devnum) std::abort();
  return 0;
}
