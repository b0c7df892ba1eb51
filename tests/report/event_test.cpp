// SPDX-License-Identifier: Apache-2.0
#include "report/event.hpp"

#include <gtest/gtest.h>

#include <string>
#include <system_error>

#include "support/parsed_path.hpp"

namespace iopslimit::event_test {
namespace {

const ContainerPath path = *parse_container_path("/kubepods/pod0a/" + std::string(64, 'a'));

TEST(Event, NamesWhatIsKnown) {
  const Record whole{.name = "db", .pod = "db-0", .pod_namespace = "shop"};
  const Record old{.name = "db"};  // containerd 1.4
  EXPECT_EQ(who(workload_event(path, &whole)), "db of pod shop/db-0");
  EXPECT_EQ(who(workload_event(path, &old)), "db (" + path.id + ")");
  EXPECT_EQ(who(workload_event(path, nullptr)), "container " + path.id);
}

TEST(Event, CarriesTheFieldsOfAContainer) {
  const Record record{.name = "db", .pod = "db-0", .pod_namespace = "shop"};
  const Event event = workload_event(path, &record);
  EXPECT_EQ(event.container_id, path.id);
  EXPECT_EQ(event.pod_uid, "0a");
  EXPECT_EQ(event.cgroup, path.cgroup);
  EXPECT_EQ(event.pod_name, "db-0");
  EXPECT_EQ(event.pod_namespace, "shop");
}

TEST(Event, OfAPodAsAWhole) {
  const ContainerPath pod = *parse_pod_path("/kubepods/pod0a");
  const Record record{.pod = "db-0", .pod_namespace = "shop"};
  EXPECT_EQ(who(workload_event(pod, &record)), "pod shop/db-0");
  EXPECT_EQ(who(workload_event(pod, nullptr)), "pod 0a");
}

TEST(Event, ThatAPauseIsOver) {
  EXPECT_EQ(resumed(workload_event(path, nullptr), {}).text,
            "resumed: container " + path.id + " has no limit without a pause either");
  EXPECT_EQ(
      resumed(workload_event(path, nullptr), {{{8, 0}, symmetric(5)}}).text,
      "resumed: container " + path.id + " is limited to read 5 IOPS, write 5 IOPS on 8:0 again");
}

TEST(Event, WhereALimitIsMissing) {
  const auto error = std::make_error_code(std::errc::io_error);
  EXPECT_EQ(not_limited(workload_event(path, nullptr), {{{8, 0}, {}}, {{8, 16}, {}}}, error).text,
            "not limited: container " + path.id + " on 8:0, 8:16: " + error.message() + " (" +
                path.cgroup + ")");
}

}  // namespace
}  // namespace iopslimit::event_test
