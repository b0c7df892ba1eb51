// SPDX-License-Identifier: Apache-2.0
#include "report/event.hpp"

#include <gtest/gtest.h>

#include <string>
#include <system_error>

namespace iopslimit {
namespace {

const ContainerPath path = *parse_container_path("/kubepods/pod0a/" + std::string(64, 'a'));

TEST(Report, NamesWhatIsKnown) {
  const Record whole{.name = "db", .pod = "db-0", .pod_namespace = "shop"};
  const Record old{.name = "db"};  // containerd 1.4
  EXPECT_EQ(who(about(path, &whole)), "db of pod shop/db-0");
  EXPECT_EQ(who(about(path, &old)), "db (" + path.id + ")");
  EXPECT_EQ(who(about(path, nullptr)), "container " + path.id);
}

TEST(Report, CarriesTheFieldsOfAContainer) {
  const Record record{.name = "db", .pod = "db-0", .pod_namespace = "shop"};
  const Report report = about(path, &record);
  EXPECT_EQ(report.container_id, path.id);
  EXPECT_EQ(report.pod_uid, "0a");
  EXPECT_EQ(report.cgroup, path.cgroup);
  EXPECT_EQ(report.pod_name, "db-0");
  EXPECT_EQ(report.pod_namespace, "shop");
}

TEST(Report, OfAPodAsAWhole) {
  const ContainerPath pod = *parse_pod_path("/kubepods/pod0a");
  const Record record{.pod = "db-0", .pod_namespace = "shop"};
  EXPECT_EQ(who(about(pod, &record)), "pod shop/db-0");
  EXPECT_EQ(who(about(pod, nullptr)), "pod 0a");
}

TEST(Report, ThatAPauseIsOver) {
  EXPECT_EQ(resumed(about(path, nullptr), {}).text,
            "resumed: container " + path.id + " has no limit without a pause either");
  EXPECT_EQ(
      resumed(about(path, nullptr), {{{8, 0}, each_way(5)}}).text,
      "resumed: container " + path.id + " is limited to read 5 IOPS, write 5 IOPS on 8:0 again");
}

TEST(Report, WhereALimitIsMissing) {
  const auto error = std::make_error_code(std::errc::io_error);
  EXPECT_EQ(not_limited(about(path, nullptr), {{{8, 0}, {}}, {{8, 16}, {}}}, error).text,
            "not limited: container " + path.id + " on 8:0, 8:16: " + error.message() + " (" +
                path.cgroup + ")");
}

}  // namespace
}  // namespace iopslimit
