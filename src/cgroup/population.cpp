// SPDX-License-Identifier: Apache-2.0
#include "cgroup/population.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>

#include "cgroup/scope_name.hpp"
#include "cgroup/tree_walk.hpp"

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_folders = 256;
constexpr int deepest = 16;

// Such a file has no size: only a read tells whether it is empty.
bool has_text(const std::string& file) {
  return std::ifstream(file).peek() != std::ifstream::traits_type::eof();
}

// A directory has a link for each of its subdirectories (kernfs keeps this count).
bool has_children(const std::string& folder) {
  struct stat status {};
  constexpr nlink_t without_children = 2;
  return stat(folder.c_str(), &status) == 0 && status.st_nlink > without_children;
}

// The names of the first directories in a folder.
std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  auto entry = fs::directory_iterator(folder, error);
  for (; !error && entry != fs::end(entry) && names.size() < most_folders; entry.increment(error)) {
    std::error_code unreadable;
    if (entry->is_directory(unreadable)) names.push_back(entry->path().filename().native());
  }
  return names;
}

}  // namespace

std::vector<std::string> populated_below(const std::string& root, const std::string& cgroup) {
  std::vector<std::string> populated;
  if (!has_children(root + cgroup)) return populated;
  std::error_code error;
  std::size_t folders = 0;
  auto entry = fs::recursive_directory_iterator(root + cgroup, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    std::error_code unreadable;
    if (!entry->is_directory(unreadable) || unreadable) continue;
    if (++folders > most_folders) break;
    if (entry.depth() >= deepest) entry.disable_recursion_pending();
    const std::string& path = entry->path().native();
    if (has_text(path + "/cgroup.procs")) populated.push_back(path.substr(root.size()));
  }
  return populated;
}

std::vector<Stray> strays(const std::string& root, const std::vector<ContainerPath>& containers) {
  std::set<std::string_view> known;
  for (const ContainerPath& one : containers) known.insert(one.cgroup);
  std::vector<Stray> found;
  for (const ContainerPath& one : containers) {
    if (one.kind != CgroupKind::container || !scope_of(one).empty())
      continue;  // its scope is searched
    for (std::string& cgroup : populated_below(root, one.cgroup)) {
      if (!known.contains(cgroup)) found.push_back({&one, std::move(cgroup)});
    }
  }
  return found;
}

std::string users_container(const std::string& root) {
  const std::string users = "/user.slice";
  for (const std::string& user : folders_in(root + users)) {
    std::string_view id = user;
    if (!take_prefix(id, "user-") || !take_suffix(id, ".slice")) continue;
    std::string own = users;
    own.append("/").append(user).append("/user@").append(id).append(".service/user.slice/");
    for (const std::string& name : folders_in(root + own)) {
      const auto container = parse_container_name(name);
      if (container && !container->monitor) return own.append(name);
    }
  }
  return {};
}

bool is_empty(const std::string& root, const std::string& cgroup) {
  std::error_code error;
  const std::string procs = root + cgroup + "/cgroup.procs";
  return fs::exists(procs, error) && !has_text(procs) && populated_below(root, cgroup).empty();
}

}  // namespace iopslimit
