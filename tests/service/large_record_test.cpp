// SPDX-License-Identifier: Apache-2.0
// A record that is large waits until the limits of all new containers are in force.
#include <gtest/gtest.h>

#include <string>

#include "support/real_service.hpp"

namespace iopslimit::large_record_test {
namespace {

const std::vector<NamedPolicy> policies{
    {"rich", {.globs = {{"namespace", "bank"}}, .limits = {.iops = 777}}},
    {"database", {.globs = {{"container", "database"}}, .limits = {.iops = 111}}}};

std::string record_of(std::size_t environment, const std::string& space = "shop") {
  return R"({"ociVersion":"1.1.0","process":{"env":["A=)" + std::string(environment, '{') +
         R"("]},"annotations":{"io.kubernetes.cri.container-name":"web",
         "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":")" +
         space + "\"}}";
}

struct LargeRecordTest : testing::Test {
  RealService service{CgroupVersion::v2, 2, policies};
};

TEST_F(LargeRecordTest, IsLimitedStrictlyAtOnceAndByItsRecordLater) {
  const std::string cgroup = service.make(1, 0, record_of(12U << 20, "bank"));
  service.turn();
  EXPECT_TRUE(service.limited(cgroup, "111")) << "the strictest policy that could match";
  EXPECT_FALSE(service.node().has_record(cgroup));
  service.finish();
  EXPECT_TRUE(service.node().has_record(cgroup));
  EXPECT_TRUE(service.limited(cgroup, "777"));
}

TEST_F(LargeRecordTest, ANewContainerDoesNotWaitForIt) {
  const std::string large = service.make(1, 0, record_of(12U << 20));
  service.turn();
  std::string neighbour;
  for (unsigned pieces = 0; !service.node().has_record(large); ++pieces) {
    ASSERT_LT(pieces, 500U);
    if (pieces == 0) neighbour = service.make(2, 1);
    service.turn();
    if (pieces == 0) {
      EXPECT_TRUE(service.limited(neighbour, "111"));
      EXPECT_FALSE(service.node().has_record(large));
    }
  }
  service.finish();
  EXPECT_TRUE(service.limited(large, "500"));
}

TEST_F(LargeRecordTest, OneThatIsTooLargeKeepsTheStrictestLimit) {
  const std::string cgroup = service.make(1, 0, record_of(65U << 20, "bank"));
  service.finish();
  EXPECT_TRUE(service.limited(cgroup, "111"));
}

TEST_F(LargeRecordTest, AUsualOneCountsAtOnce) {
  const std::string cgroup = service.make(1, 0, record_of(100U << 10, "bank"));
  service.turn();
  EXPECT_TRUE(service.limited(cgroup, "777"));
}

}  // namespace
}  // namespace iopslimit::large_record_test
