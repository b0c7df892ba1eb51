// SPDX-License-Identifier: Apache-2.0
#include "disk/btrfs_members.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "disk/block_devices.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

std::string mapper_name(const fs::path& device) {
  std::error_code error;
  std::string text;
  const File file = open_at(AT_FDCWD, (device / "dm/name").c_str(), O_RDONLY, error);
  if (!file || read_whole(file.fd(), 4096, text)) return "";
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

bool has_device(const fs::path& devices, const std::string& source) {
  for (const std::string& name : device_names(devices)) {
    const std::string other = mapper_name(devices / name);
    if ("/dev/" + name == source) return true;
    if (!other.empty() && "/dev/mapper/" + other == source) return true;
  }
  return false;
}

// allocation/data holds a folder for each profile that has space. Small file systems made with
// --mixed keep data and metadata together.
std::string data_profile(const fs::path& file_system) {
  std::vector<std::string> profiles;
  for (const char* kind : {"data", "mixed"}) {
    std::error_code error;
    for (fs::directory_iterator one(file_system / "allocation" / kind, error), end;
         !error && one != end; one.increment(error)) {
      if (one->is_directory(error)) profiles.push_back(one->path().filename());
    }
  }
  std::sort(profiles.begin(), profiles.end());
  std::string text;
  for (const std::string& one : profiles) text += (text.empty() ? "" : "+") + one;
  return text;
}

}  // namespace

std::optional<BtrfsMembers> btrfs_members(const std::string& source) {
  std::error_code error;
  for (fs::directory_iterator one("/sys/fs/btrfs", error), end; !error && one != end;
       one.increment(error)) {
    const fs::path devices = one->path() / "devices";
    if (has_device(devices, source)) {
      return BtrfsMembers{device_names(devices), data_profile(one->path())};
    }
  }
  return std::nullopt;
}

}  // namespace iopslimit
