// SPDX-License-Identifier: Apache-2.0
#include "runtime/record.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit::record_test {
namespace {

const std::string id(64, '5');

struct WhoseRow {
  const char* cgroup_name;
  const char* pod_uid;
  RuntimeHint hint;
  RuntimeType type;
  std::vector<RuntimeHint> whose;
};

TEST(Record, RuntimeLimitsWhoseRecordItMayBe) {
  using enum RuntimeHint;
  constexpr auto any = RuntimeType::automatic;
  const WhoseRow rows[] = {{"bare id", "u", unknown, any, {containerd, docker}},
                           {"cri-containerd-", "u", containerd, any, {containerd}},
                           {"crio-", "u", crio, any, {crio}},
                           {"docker-", "u", docker, any, {docker}},
                           {"bare id", "u", unknown, RuntimeType::containerd, {containerd}},
                           {"bare id", "u", unknown, RuntimeType::docker, {docker}},
                           {"bare id", "u", unknown, RuntimeType::crio, {}},
                           {"crio-", "u", crio, RuntimeType::crio, {crio}},
                           {"crio-", "u", crio, RuntimeType::containerd, {}},
                           {"docker-", "u", docker, RuntimeType::containerd, {}},
                           {"plain docker", "", docker, RuntimeType::containerd, {docker}},
                           {"libpod-", "", podman, any, {podman}},
                           {"libpod-", "", podman, RuntimeType::crio, {podman}},
                           {"libpod- below a pod", "u", podman, RuntimeType::containerd, {podman}}};
  for (const WhoseRow& row : rows) {
    const ContainerPath path{.cgroup = "/x", .id = id, .pod_uid = row.pod_uid, .runtime = row.hint};
    std::vector<RuntimeHint> whose;
    for (const RuntimeHint runtime : {containerd, crio, docker, podman}) {
      if (may_have_record(path, row.type, runtime)) whose.push_back(runtime);
    }
    EXPECT_EQ(whose, row.whose) << row.cgroup_name << ", type " << static_cast<int>(row.type);
  }
}

TEST(Record, WithoutValidIdBelongsToNoContainer) {
  for (const std::string& bad : {std::string(), std::string("x"), "../" + std::string(61, 'a')}) {
    EXPECT_FALSE(may_have_record({.cgroup = "/x", .id = bad}, RuntimeType::automatic,
                                 RuntimeHint::containerd));
  }
}

}  // namespace
}  // namespace iopslimit::record_test
