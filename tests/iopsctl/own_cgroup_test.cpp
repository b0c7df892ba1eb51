// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/own_cgroup.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::own_cgroup_test {
namespace {

constexpr const char* first = "cgroup:[4026531835]";
const std::string id(64, 'a');
const std::string pod = "pod00000000-0000-4000-8000-000000000000";

TEST(OwnCgroup, IsThatOfAContainer) {
  const std::string slice = "kubepods-pod00000000_0000_4000_8000_000000000000.slice";
  const std::string rows[] = {
      "0::/kubepods.slice/" + slice + "/cri-containerd-" + id + ".scope\n",
      "0::/kubepods.slice/" + slice + "/cri-containerd-" + id + ".scope/init.scope\n",
      "0::/kubepods/burstable/" + pod + "/" + id + "\n",
      "12:pids:/user.slice\n5:blkio:/kubepods/" + pod + "/" + id + "\n",
      "0::/kubepods.slice\n",
      "0::/system.slice/docker-" + id + ".scope\n",
      "0::/docker/" + id + "\n",
  };
  for (const std::string& row : rows) EXPECT_TRUE(is_in_container(row, first)) << row;
}

TEST(OwnCgroup, IsThatOfTheHost) {
  for (const char* row : {"0::/\n", "0::/user.slice/user-0.slice/session-1.scope\n", "",
                          "0::/system.slice/ssh.service", "7:blkio:/\n1:name=systemd:/init.scope\n",
                          "0::/system.slice/iops-limitd-calibrate.scope\n"})
    EXPECT_FALSE(is_in_container(row, first)) << row;
}

TEST(OwnCgroup, ANamespaceOfItsOwnIsAContainer) {
  EXPECT_TRUE(is_in_container("0::/\n", "cgroup:[4026532123]"));
  EXPECT_FALSE(is_in_container("0::/\n", "")) << "a kernel without these namespaces";
}

}  // namespace
}  // namespace iopslimit::own_cgroup_test
