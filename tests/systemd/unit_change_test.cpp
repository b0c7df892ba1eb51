// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_change.hpp"

#include <gtest/gtest.h>

namespace iopslimit::unit_change_test {
namespace {

struct Row {
  const char* cgroup;
  const char* unit;
};

TEST(UnitOf, IsTheUnitThatSystemdMade) {
  const Row rows[] = {
      {"/kubepods.slice", "kubepods.slice"},
      {"/kubelet.slice/kubelet-kubepods.slice", "kubelet-kubepods.slice"},
      {"/kubepods.slice/kubepods-pod0a.slice", "kubepods-pod0a.slice"},
      {"/kubepods.slice/kubepods-pod0a.slice/cri-containerd-1.scope", "cri-containerd-1.scope"},
      {"/system.slice/docker-1.scope", "docker-1.scope"},
      // the cgroupfs driver's
      {"/kubepods", ""},
      {"/kubepods/burstable/pod0a/1", ""},
      {"/kubelet/kubepods.slice", ""},
      // what CRI-O makes itself in a slice, and crun in a scope
      {"/kubepods.slice/kubepods-pod0a.slice/crio-1", ""},
      {"/machine.slice/libpod-1.scope/container", ""},
      // another systemd's: a node inside of a container
      {"/system.slice/docker-1.scope/kubelet.slice/kubelet-kubepods.slice", ""},
      {"/docker/1/kubepods.slice", ""},
      {"/", ""},
      {"", ""}};
  for (const Row& row : rows) EXPECT_EQ(unit_of(row.cgroup), row.unit) << row.cgroup;
}

}  // namespace
}  // namespace iopslimit::unit_change_test
