// SPDX-License-Identifier: Apache-2.0
#include "disk/block_tree.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace iopslimit {
namespace {

using Names = std::set<std::string>;

std::vector<std::string> right_below(const BlockDevice& device) {
  std::vector<std::string> names = device.slaves;
  if (!device.whole.empty()) names.push_back(device.whole);
  return names;
}

// True when the device had devices below it and all of them are gone.
bool stands_on_nothing(const BlockDevice& device, const Names& there) {
  const std::vector<std::string> below = right_below(device);
  return !below.empty() && std::none_of(below.begin(), below.end(), [&](const std::string& name) {
    return there.count(name) != 0;
  });
}

// Goes upwards, so that one pass usually removes a whole broken chain.
void drop_the_bottomless(std::vector<BlockDevice>& stack, Names& there) {
  for (std::size_t before = 0; before != stack.size();) {
    before = stack.size();
    for (std::size_t i = stack.size(); i-- > 0;) {
      if (!stands_on_nothing(stack[i], there)) continue;
      there.erase(stack[i].name);
      stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace

std::vector<BlockDevice> walk_down(const BlockDevices& devices, std::vector<BlockDevice> members) {
  std::vector<BlockDevice> stack = std::move(members);
  Names seen;
  Names there;
  for (const BlockDevice& one : stack) seen.insert(one.name);
  for (std::size_t i = 0; i < stack.size(); ++i) {  // the loop appends to it
    there.insert(stack[i].name);
    for (const std::string& name : right_below(stack[i])) {
      if (!seen.insert(name).second) continue;
      if (auto found = devices.named(name)) stack.push_back(std::move(*found));
    }
  }
  drop_the_bottomless(stack, there);
  for (BlockDevice& one : stack) {
    std::erase_if(one.slaves, [&](const std::string& name) { return there.count(name) == 0; });
  }
  return stack;
}

}  // namespace iopslimit
