// SPDX-License-Identifier: Apache-2.0
#include "disk/btrfs_members.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "disk/block_devices.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

std::string mapper_name(const fs::path& device) {
  auto text = read_file(device / "dm/name", 4096);
  if (!text) return "";
  text->erase(text->find_last_not_of('\n') + 1);
  return *std::move(text);
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

// /sys/fs/btrfs also has folders that are no file systems.
std::vector<fs::path> file_systems() {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator one("/sys/fs/btrfs", error), end; !error && one != end;
       one.increment(error)) {
    std::error_code ignored;
    if (fs::is_directory(one->path() / "devices", ignored)) all.push_back(one->path());
  }
  std::ranges::sort(all);
  return all;
}

std::optional<std::uint64_t> statfs_id(const Mount& mount) {
  struct statfs status {};
  if (statfs(mount.mount_point.c_str(), &status) != 0 || status.f_type != BTRFS_SUPER_MAGIC)
    return std::nullopt;
  const auto* words = status.f_fsid.__val;
  return std::uint64_t{static_cast<std::uint32_t>(words[0])} << 32 |
         static_cast<std::uint32_t>(words[1]);
}

// The subvolume that is mounted; the kernel names it since Linux 4.2.
std::uint64_t subvolume_of(const Mount& mount) {
  constexpr std::string_view option = "subvolid=";
  constexpr std::uint64_t top_level = 5;
  const std::string& options = mount.super_options;
  std::uint64_t subvolume = top_level;
  if (const auto at = options.find(option); at != std::string::npos)
    std::from_chars(options.data() + at + option.size(), options.data() + options.size(),
                    subvolume);
  return subvolume;
}

}  // namespace

std::optional<BtrfsMembers> btrfs_members(const Mount& mount) {
  const std::vector<fs::path> all = file_systems();
  const auto has_id = [id = statfs_id(mount),
                       subvolume = subvolume_of(mount)](const fs::path& one) {
    return id && btrfs_statfs_id(one.filename().string(), subvolume) == id;
  };
  const auto has_name = [&mount](const fs::path& one) {
    return has_device(one / "devices", mount.source);
  };
  auto found = std::ranges::find_if(all, has_id);
  if (found == all.end() && all.size() == 1) found = all.begin();
  if (found == all.end()) found = std::ranges::find_if(all, has_name);
  if (found == all.end()) return std::nullopt;
  return BtrfsMembers{device_names(*found / "devices"), data_profile(*found)};
}

std::optional<std::uint64_t> btrfs_statfs_id(std::string_view fsid, std::uint64_t subvolume) {
  std::string digits(fsid);
  std::erase(digits, '-');
  std::uint64_t halves[2] = {};
  for (std::size_t i = 0; i < 2; ++i) {
    const char* begin = digits.data() + 16 * i;
    if (digits.size() != 32 || std::from_chars(begin, begin + 16, halves[i], 16).ptr != begin + 16)
      return std::nullopt;
  }
  return halves[0] ^ halves[1] ^ subvolume;
}

}  // namespace iopslimit
