// SPDX-License-Identifier: Apache-2.0
#include "core/overview.hpp"

#include <gmock/gmock.h>

#include "core/choice.hpp"
#include "core/overview_fields.hpp"
#include "support/sample_overview.hpp"

namespace iopslimit {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

template <class View>
View there_and_back(const View& view) {
  View back;
  read_fields(fields_of(view), back);
  return back;
}

TEST(Overview, FieldsComeBack) {
  Overview overview = sample_overview();
  overview.hierarchy = CgroupVersion::v1;
  overview.scope = LimitScope::pod;
  overview.cleared = true;
  overview.last_error = "e";
  Overview back = there_and_back(overview);
  back.devices = overview.devices;
  back.totals = overview.totals;
  back.containers = overview.containers;
  EXPECT_EQ(back, overview);
  for (const CarrierView& one : overview.containers) EXPECT_EQ(there_and_back(one), one);
  for (const DeviceView& one : overview.devices) EXPECT_EQ(there_and_back(one), one);
  for (const TotalView& one : overview.totals) EXPECT_EQ(there_and_back(one), one);
}

TEST(Overview, FieldsOfAnotherVersionArePassedOver) {
  CarrierView view;
  read_fields({{"id", std::uint64_t{5}}, {"state", "dancing"}, {"new", "x"}, {"name", "db"}}, view);
  EXPECT_EQ(view.path.id, "");
  EXPECT_EQ(view.name, "db");
  EXPECT_EQ(view.standing, Standing::pending);
}

TEST(Overview, NamesOnTheBus) {
  EXPECT_EQ(bus_name_of("last_error_at"), "LastErrorAt");
  EXPECT_EQ(field_of_bus_name("LastErrorAt"), "last_error_at");
}

TEST(Overview, Pods) {
  const Overview overview = sample_overview();
  const auto pods = pods_of(overview.containers);
  ASSERT_THAT(pods, SizeIs(4));
  EXPECT_EQ(pods[0].pod, "job-2");
  EXPECT_EQ(pods[3].pod, "web-1");
  EXPECT_THAT(pods[3].containers, SizeIs(3));
}

struct ChoiceRow {
  const char* word;
  std::vector<std::string> shown;
};

TEST(Choice, ExactWordsBeforeStarts) {
  const Overview overview = sample_overview();
  const std::string& cgroup = overview.containers[0].path.cgroup;
  const std::vector<ChoiceRow> rows{
      {"db", {"shop/db-0/db"}},
      {"db-0", {"shop/db-0"}},
      {"shop/db-0", {"shop/db-0"}},
      {"db-0/db", {"shop/db-0/db"}},
      {"shop/db-0/db", {"shop/db-0/db"}},
      {cgroup.c_str(), {"shop/db-0/db"}},
      {"aaa", {"shop/db-0/db"}},
      {"00000000-0000-4000-8000-000000000000", {"shop/db-0"}},
      {"shop/db", {"shop/db-0", "shop/db-0/db"}},
      {"web", {"shop/web-1/web", "lab/web-3/web"}},
      {"istio", {"shop/web-1/istio-proxy"}},
      {"", {}},
      {"nobody", {}},
  };
  for (const ChoiceRow& row : rows) {
    std::vector<std::string> shown;
    for (const Choice& one : choices_of(overview.containers, row.word)) shown.push_back(one.shown);
    EXPECT_EQ(shown, row.shown) << row.word;
  }
}

TEST(Choice, WordsForCompletionNameOneThing) {
  EXPECT_THAT(words_of(sample_overview().containers),
              AllOf(Contains("db"), Contains("shop/web-1"), Not(Contains("web"))));
}

}  // namespace
}  // namespace iopslimit
