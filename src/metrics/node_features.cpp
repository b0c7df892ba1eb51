// SPDX-License-Identifier: Apache-2.0
#include "metrics/node_features.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "disk/block_tree.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

// As the value of a label in Kubernetes: at most 63 letters, digits, '-', '_' and '.', with a
// letter or a digit first and last.
std::string label_value(const std::string& text) {
  std::string value;
  for (const char letter : text) {
    if (is_alphanumeric(letter)) {
      value += letter;
    } else if (!value.empty()) {
      value += letter == '-' || letter == '.' ? letter : '_';
    }
  }
  value.resize(std::min<std::size_t>(value.size(), 63));
  while (!value.empty() && !is_alphanumeric(value.back())) value.pop_back();
  return value;
}

std::string model_below(const BlockDevices& devices, Devnum devnum) {
  auto top = devices.at(devnum);
  if (!top) return "";
  for (const BlockDevice& one : walk_down(devices, {std::move(*top)})) {
    if (!one.model.empty()) return one.model;
  }
  return "";
}

void add(std::string& text, const DeviceView& device, const std::string& name,
         const std::string& value) {
  text += "# +no-label\niopslimit.org/" + (device.name.empty() ? "" : device.name + ".") + name +
          "=" + value + "\n";
}

}  // namespace

std::string node_features(const Snapshot& snapshot,
                          const std::function<std::string(Devnum)>& model_of) {
  std::string text = "# Written by iops-limitd ([service] features) for node-feature-discovery.\n";
  if (snapshot.dry_run || snapshot.cleared) return text;
  for (const DeviceView& device : snapshot.devices) {
    if (device.state != DeviceState::limited || device.devices.empty()) continue;
    if (device.total_iops != 0) add(text, device, "total-iops", std::to_string(device.total_iops));
    add(text, device, "limits-read-iops", std::to_string(device.used.read_iops));
    add(text, device, "limits-write-iops", std::to_string(device.used.write_iops));
    const std::string model = label_value(model_of(device.devices.front()));
    if (!model.empty()) add(text, device, "model", model);
  }
  return text;
}

std::string node_features(const Snapshot& snapshot, const BlockDevices& devices) {
  return node_features(snapshot, [&](Devnum devnum) { return model_below(devices, devnum); });
}

}  // namespace iopslimit
