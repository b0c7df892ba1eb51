// SPDX-License-Identifier: Apache-2.0
#include "core/report.hpp"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace iopslimit
