// SPDX-License-Identifier: Apache-2.0
// The real service with a runtime's socket: limits first, labels later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/fake_cri.hpp"
#include "support/loop_runs.hpp"
#include "support/real_service.hpp"

namespace iopslimit::runtime_socket_test {
namespace {

using testing::HasSubstr;
using Mood = FakeCri::Mood;

FakeSandbox sandbox_of(unsigned pod) {
  const std::string digits = std::to_string(pod);
  return {.uid = "0a1b2c3d-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits,
          .name = "database-0",
          .labels = {{"tier", "gold"}},
          .annotations = {{"iopslimit.org/write-iops", "77"}}};
}

class RuntimeSocketTest : public testing::TestWithParam<CgroupVersion> {
 protected:
  TempTree tree;
  std::string socket = tree.at("/cri.sock");
  FakeCri runtime{socket};
  std::vector<NamedPolicy> policies{
      {"gold", {.globs = {{"label.tier", "gold"}}, .limits = {.iops = 900}}}};
  std::unique_ptr<RealService> service;

  void start() { service = std::make_unique<RealService>(GetParam(), 4, policies, "", socket); }
  std::string reason(const std::string& cgroup) const {
    const Workload* one = service->node().workloads.find(cgroup);
    return one == nullptr ? "" : one->decision.reason;
  }
  bool told(const std::string& cgroup) const {
    return reason(cgroup).find("socket") != std::string::npos;
  }
};

TEST_P(RuntimeSocketTest, TheDefaultIsInForceFirstAndThenWhatTheSocketTells) {
  runtime.set({sandbox_of(0)});
  start();
  service->finish();
  const std::string cgroup = service->make(1, 0);
  service->turn();
  EXPECT_TRUE(service->limited(cgroup, "500")) << "the turn of the event";
  EXPECT_TRUE(runtime.requests().empty());
  run_until(service->loop(), [&] { return told(cgroup); });
  service->finish();
  EXPECT_TRUE(service->limited(cgroup, "900"));
  EXPECT_THAT(reason(cgroup), HasSubstr("[policy gold]"));
  EXPECT_THAT(reason(cgroup), HasSubstr("label.tier = gold (runtime's socket)"));
  EXPECT_THAT(reason(cgroup),
              HasSubstr("annotation iopslimit.org/write-iops = 77 (runtime's socket)"));
  EXPECT_THAT(service->node().explain(cgroup), testing::Contains(HasSubstr("runtime's socket")));
  // The pod is known: its next container has the limit at once, without a question.
  const std::string next = service->make(2, 0);
  service->turn();
  EXPECT_TRUE(service->limited(next, "900"));
  service->finish();
  EXPECT_EQ(runtime.requests().size(), 1U);
}

TEST_P(RuntimeSocketTest, ASocketThatHangsHoldsUpNoLimit) {
  runtime.set(Mood::silent);
  start();
  for (unsigned number = 0; number < 20; ++number) {
    const std::string cgroup = service->make(number, number % 4);
    service->turn();
    EXPECT_TRUE(service->limited(cgroup, "500"));
    if (number % 4 == 0) service->finish();
  }
  EXPECT_GE(runtime.connections(), 1U) << "it was asked";
}

TEST_P(RuntimeSocketTest, ALyingSocketLosesNoLimit) {
  FakeSandbox liar = sandbox_of(0);
  liar.name = "another-0";
  runtime.set({liar, sandbox_of(3)});
  start();
  const std::string cgroup = service->make(1, 0);
  service->turn();
  run_until(service->loop(), [&] { return !runtime.requests().empty(); });
  service->finish();
  EXPECT_TRUE(service->limited(cgroup, "500"));
  EXPECT_FALSE(told(cgroup));
}

INSTANTIATE_TEST_SUITE_P(Service, RuntimeSocketTest,
                         testing::Values(CgroupVersion::v2, CgroupVersion::v1),
                         [](const auto& row) {
                           return row.param == CgroupVersion::v2 ? "V2" : "V1";
                         });

}  // namespace
}  // namespace iopslimit::runtime_socket_test
