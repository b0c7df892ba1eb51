// SPDX-License-Identifier: Apache-2.0
#include "policy/explanation.hpp"

#include <gmock/gmock.h>

#include "support/config_lines.hpp"
#include "support/parsed_path.hpp"

namespace iopslimit::explanation_test {
namespace {

using testing::_;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ContainerPath path = *parse_container_path(
    "/kubepods/burstable/pod00000000-0000-4000-8000-000000000001/" + std::string(64, 'a'));

Record db() {
  return {.name = "db", .image = "postgres", .pod = "db-0", .pod_namespace = "shop"};
}

Config config() {
  return parsed({{"policy lab", "", "", 1},
                 {"policy lab", "namespace", "lab", 2},
                 {"policy lab", "container", "db", 3},
                 {"policy lab", "iops", "9", 4},
                 {"policy shop", "", "", 5},
                 {"policy shop", "namespace", "shop", 6},
                 {"policy shop", "iops", "800", 7},
                 {"policy rest", "", "", 8},
                 {"policy rest", "qos", "*", 9},
                 {"policy rest", "exempt", "yes", 10}})
      .config;
}

TEST(Explanation, EveryRuleInItsOrder) {
  const Record record = db();
  EXPECT_THAT(
      explain(config(), path, record),
      ElementsAre(
          HasSubstr("container db, image postgres, pod db-0, namespace shop, qos burstable"),
          HasSubstr("[exclude]: no keyword"),
          "[policy lab] (/c:1): does not match: namespace = lab", "[policy shop] (/c:5): matches",
          HasSubstr("[policy rest] (/c:8): not checked"), HasSubstr("the pod requests nothing"),
          HasSubstr("limit on /data: read 800 IOPS, write 800 IOPS ([policy shop]")));
}

TEST(Explanation, EndsWhereItIsDecided) {
  Record record = db();
  EXPECT_THAT(explain(config(), path, NoRecord{}),
              ElementsAre(HasSubstr("not readable (yet)"), HasSubstr("limit on /data: read 500")));
  record.name = "istio-proxy";
  EXPECT_THAT(explain(config(), path, record),
              ElementsAre(HasSubstr("container istio-proxy"), HasSubstr("'istio-proxy' in")));
  record.sandbox = true;
  EXPECT_THAT(explain(config(), path, record),
              ElementsAre(HasSubstr("it is the pod's sandbox"),
                          HasSubstr("container (none), image (none), pod db-0"), _, _, _, _, _,
                          testing::StartsWith("limit on /data: ")));
}

TEST(Explanation, ExemptByPolicy) {
  Record record = db();
  record.pod_namespace = "other";
  EXPECT_THAT(explain(config(), path, record),
              testing::Contains("[policy rest] (/c:8): matches, and exempts"));
}

TEST(Explanation, NamesEveryPatternThatDoesNotMatchAndWhatIsNotKnown) {
  const Record record{.name = "web", .pod = "web-0"};
  EXPECT_THAT(
      explain(config(), path, record),
      testing::IsSupersetOf({HasSubstr("container web, image (none), pod web-0, namespace (none)"),
                             HasSubstr("does not match: container = db, namespace = lab")}));
}

TEST(Explanation, ShowsWhatThePodRequests) {
  Record record = db();
  record.annotations = {{"iopslimit.org/iops", "300"}, {"iopslimit.org/bps", "many"}};
  EXPECT_THAT(explain(config(), path, record), AllOf(Not(Contains(HasSubstr("requests nothing"))),
                                                     Contains(HasSubstr("iopslimit.org/bps")),
                                                     Contains(HasSubstr("/data: read 300 IOPS"))));
}

}  // namespace
}  // namespace iopslimit::explanation_test
