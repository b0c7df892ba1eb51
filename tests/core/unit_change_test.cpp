// SPDX-License-Identifier: Apache-2.0
#include "core/unit_change.hpp"

#include <gtest/gtest.h>

namespace iopslimit {
namespace {

struct Row {
  const char* cgroup;
  const char* unit;
};

class UnitOf : public testing::TestWithParam<Row> {};

TEST_P(UnitOf, IsTheUnitThatSystemdMade) {
  EXPECT_EQ(unit_of(GetParam().cgroup), GetParam().unit);
}

INSTANTIATE_TEST_SUITE_P(
    Cgroups, UnitOf,
    testing::Values(Row{"/kubepods.slice", "kubepods.slice"},
                    Row{"/kubelet.slice/kubelet-kubepods.slice", "kubelet-kubepods.slice"},
                    Row{"/kubepods.slice/kubepods-pod0a.slice", "kubepods-pod0a.slice"},
                    Row{"/kubepods.slice/kubepods-pod0a.slice/cri-containerd-1.scope",
                        "cri-containerd-1.scope"},
                    Row{"/system.slice/docker-1.scope", "docker-1.scope"},
                    // the cgroupfs driver's
                    Row{"/kubepods", ""}, Row{"/kubepods/burstable/pod0a/1", ""},
                    Row{"/kubelet/kubepods.slice", ""},
                    // what CRI-O makes itself in a slice, and crun in a scope
                    Row{"/kubepods.slice/kubepods-pod0a.slice/crio-1", ""},
                    Row{"/machine.slice/libpod-1.scope/container", ""},
                    // another systemd's: a node inside of a container
                    Row{"/system.slice/docker-1.scope/kubelet.slice/kubelet-kubepods.slice", ""},
                    Row{"/docker/1/kubepods.slice", ""}, Row{"/", ""}, Row{"", ""}));

}  // namespace
}  // namespace iopslimit
