// SPDX-License-Identifier: Apache-2.0
#include "api/snapshot.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "api/selector.hpp"
#include "api/snapshot_fields.hpp"
#include "support/parsed_path.hpp"
#include "support/sample_preview.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit::snapshot_test {
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

Snapshot there_and_back(const Snapshot& snapshot) {
  Snapshot back;
  read_fields(fields_of(summary_of(snapshot)), back);
  return back;
}

TEST(Snapshot, SummaryCountsWhatTheSnapshotLists) {
  const Snapshot snapshot = sample_snapshot();
  const Summary summary = summary_of(snapshot);
  for (const auto& [state, word] : state_words)
    EXPECT_EQ(summary.counts[static_cast<std::size_t>(state)], snapshot.count(state)) << word;
  EXPECT_EQ(summary.snapshot.devices, snapshot.devices);
  EXPECT_TRUE(summary.snapshot.containers.empty());
}

TEST(Snapshot, FieldsComeBack) {
  Snapshot snapshot = sample_snapshot();
  snapshot.cgroup_version = "v1";
  snapshot.scope = LimitScope::pod;
  snapshot.cleared = true;
  snapshot.last_error = "e";
  Snapshot back = there_and_back(snapshot);
  back.devices = snapshot.devices;
  back.totals = snapshot.totals;
  back.containers = snapshot.containers;
  EXPECT_EQ(back, snapshot);
  for (const WorkloadView& one : snapshot.containers) EXPECT_EQ(there_and_back(one), one);
  for (const DeviceView& one : snapshot.devices) EXPECT_EQ(there_and_back(one), one);
  for (const TotalView& one : snapshot.totals) EXPECT_EQ(there_and_back(one), one);
}

/// Every field about sharing has a value of its own.
Snapshot distinct_snapshot() {
  Snapshot snapshot = sharing_snapshot();
  snapshot.sharing = {.state = ShareState::sharing,
                      .grants = 11,
                      .recalls = 12,
                      .changed = 13,
                      .below_msec = 14,
                      .worst_recall_usec = 15};
  snapshot.lines_dropped = 16;
  snapshot.runtime_socket = "none is there";
  snapshot.devices[0].lent = {.read_iops = 21, .write_iops = 22};
  snapshot.devices[0].cut = {.read_iops = 23, .write_iops = 24};
  WorkloadView& db = snapshot.containers[0];
  db.rules = {{{259, 0}, {.read_iops = 1840, .write_iops = 330}}};
  db.configured = {{{259, 0}, symmetric(500)}};
  db.lends_read_iops = 31;
  db.lends_write_iops = 32;
  db.at_limit_read_msec = 33;
  db.at_limit_write_msec = 34;
  db.at_limit_day_msec = 35;
  return snapshot;
}

TEST(Snapshot, FieldsOfSharingComeBack) {
  const Snapshot snapshot = distinct_snapshot();
  EXPECT_EQ(there_and_back(snapshot).sharing, snapshot.sharing);
  EXPECT_EQ(there_and_back(snapshot.devices[0]), snapshot.devices[0]);
  EXPECT_EQ(there_and_back(snapshot.containers[0]), snapshot.containers[0]);
  for (const auto& [state, word] : share_state_words) {
    Snapshot one;
    one.sharing.state = state;
    EXPECT_EQ(there_and_back(one).sharing.state, state) << word;
    EXPECT_EQ(*find_field(fields_of(summary_of(one)), "share_state"),
              FieldValue(std::string(word)));
  }
}

// These names are on the bus and in JSON: they stay.
TEST(Snapshot, NamesOfTheFieldsOfSharing) {
  const Snapshot snapshot = distinct_snapshot();
  const auto number = [](const Fields& fields, std::string_view name) {
    const FieldValue* field = find_field(fields, name);
    return field == nullptr ? 0 : std::get<std::uint64_t>(*field);
  };
  const Fields service = fields_of(summary_of(snapshot));
  EXPECT_EQ(number(service, "grants"), 11U);
  EXPECT_EQ(number(service, "recalls"), 12U);
  EXPECT_EQ(number(service, "share_changed"), 13U);
  EXPECT_EQ(number(service, "below_msec"), 14U);
  EXPECT_EQ(number(service, "worst_recall_usec"), 15U);
  EXPECT_EQ(number(service, "lines_dropped"), 16U);
  EXPECT_EQ(*find_field(service, "runtime_socket"), FieldValue(std::string("none is there")));
  const Fields device = fields_of(snapshot.devices[0]);
  EXPECT_EQ(number(device, "lent_read_iops"), 21U);
  EXPECT_EQ(number(device, "lent_write_iops"), 22U);
  EXPECT_EQ(number(device, "cut_read_iops"), 23U);
  EXPECT_EQ(number(device, "cut_write_iops"), 24U);
  const Fields container = fields_of(snapshot.containers[0]);
  EXPECT_EQ(number(container, "lends_read_iops"), 31U);
  EXPECT_EQ(number(container, "lends_write_iops"), 32U);
  EXPECT_EQ(number(container, "at_limit_read_msec"), 33U);
  EXPECT_EQ(number(container, "at_limit_write_msec"), 34U);
  EXPECT_EQ(number(container, "at_limit_day_msec"), 35U);
  EXPECT_EQ(*find_field(container, "configured"), FieldValue(snapshot.containers[0].configured));
}

TEST(Snapshot, FieldsOfAnotherVersionArePassedOver) {
  WorkloadView view;
  read_fields({{"id", std::uint64_t{5}}, {"state", "dancing"}, {"new", "x"}, {"name", "db"}}, view);
  EXPECT_EQ(view.path.id, "");
  EXPECT_EQ(view.name, "db");
  EXPECT_EQ(view.state, State::pending);
}

TEST(Snapshot, NamesOnTheBus) {
  EXPECT_EQ(field_of_bus_name("LastErrorAt"), "last_error_at");
}

TEST(Snapshot, Pods) {
  const Snapshot snapshot = sample_snapshot();
  const auto pods = pods_of(snapshot.containers);
  ASSERT_THAT(pods, SizeIs(4));
  EXPECT_EQ(pods[0].pod, "job-2");
  EXPECT_EQ(pods[3].pod, "web-1");
  EXPECT_THAT(pods[3].containers, SizeIs(3));
}

// With scope = pod a workload has no id, docker's own containers have no pod, and before its record
// comes nothing has a name.
std::vector<WorkloadView> nameless() {
  WorkloadView pod;
  pod.path = *parse_pod_path("/kubepods/pod0a");
  WorkloadView alone;
  alone.path = {.cgroup = "/docker/" + sample_id('b'), .id = sample_id('b')};
  WorkloadView unread = sample_container('c', "", "x-1", "");
  unread.pod.clear();
  WorkloadView named = sample_container('d', "shop", "web-2", "");
  return {pod, alone, unread, named};
}

TEST(Snapshot, NamelessContainerIsShownByItsIds) {
  const std::string uid = "00000000-0000-4000-8000-00000000000";
  std::vector<std::string> shown;
  for (const WorkloadView& one : nameless()) shown.push_back(shown_name(one));
  EXPECT_THAT(
      shown, ElementsAre("pod 0a", std::string(12, 'b'), "pod " + uid + "1/" + std::string(12, 'c'),
                         "shop/web-2/" + std::string(12, 'd')));
}

TEST(Snapshot, PodsKeepTheNamesThatOneOfThemKnows) {
  std::vector<WorkloadView> containers = nameless();
  EXPECT_THAT(pods_of(containers), SizeIs(3)) << "docker's own is in none";
  containers[2].path.pod_uid = containers[3].path.pod_uid;
  for (int turn = 0; turn < 2; ++turn) {
    const auto pods = pods_of(containers);
    ASSERT_THAT(pods, SizeIs(2));
    EXPECT_EQ(pods[1].pod, "web-2");
    EXPECT_EQ(pods[1].pod_namespace, "shop");
    std::swap(containers[2], containers[3]);
  }
}

TEST(Snapshot, FieldsThatAreNoTheirsAreLeft) {
  DeviceView view{.total_iops = 7};
  read_fields({{"devices", std::vector<std::string>{"259:0", "nvme0n1", "8:x"}}}, view);
  EXPECT_THAT(view.devices, ElementsAre(Devnum{259, 0}));
  EXPECT_EQ(view.total_iops, 7U);
  EXPECT_EQ(field_of_bus_name("V29"), "v29");
}

TEST(Selector, OfWhatHasNoName) {
  const std::vector<WorkloadView> containers = nameless();
  const auto shown = [&](const std::string& word) {
    std::vector<std::string> all;
    for (const Selector& one : selectors_of(containers, word)) all.push_back(one.shown);
    return all;
  };
  EXPECT_THAT(shown("0a"), ElementsAre("pod 0a")) << "the pod itself is no container of it";
  EXPECT_THAT(shown("bbb"), ElementsAre(std::string(12, 'b')));
  EXPECT_THAT(shown("shop/web-2"), ElementsAre("shop/web-2"));
  EXPECT_THAT(shown("/"), SizeIs(0)) << "no name is no word";
}

TEST(Selector, WhyItIsNotOne) {
  const Snapshot snapshot = sample_snapshot();
  EXPECT_THAT(why_not_one({}, "nobody"), HasSubstr("no container or pod is called 'nobody'"));
  const std::string why = why_not_one(selectors_of(snapshot.containers, "shop/db"), "shop/db");
  EXPECT_THAT(why, HasSubstr("\n  shop/db-0 (pod 00000000-0000-4000-8000-000000000000)"));
  EXPECT_THAT(why, HasSubstr("\n  shop/db-0/db (aaaaaaaaaaaa)"));
}

struct ChoiceRow {
  const char* word;
  std::vector<std::string> shown;
};

TEST(Selector, ExactWordsBeforeStarts) {
  const Snapshot snapshot = sample_snapshot();
  const std::string& cgroup = snapshot.containers[0].path.cgroup;
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
    for (const Selector& one : selectors_of(snapshot.containers, row.word))
      shown.push_back(one.shown);
    EXPECT_EQ(shown, row.shown) << row.word;
  }
}

/// What a search finds that sees the containers one by one.
std::vector<std::string> searched(const std::vector<WorkloadView>& containers,
                                  const std::string& word) {
  Search search(word);
  for (const WorkloadView& one : containers) search.look({one});
  for (const WorkloadView& one : containers) search.keep({one});
  std::vector<std::string> found;
  for (const Selector& one : search.found())
    found.push_back(one.shown + " " + std::to_string(one.containers.size()));
  return found;
}

TEST(Selector, ASearchInPartsFindsTheSame) {
  std::vector<WorkloadView> containers = sample_snapshot().containers;
  for (const WorkloadView& one : nameless()) containers.push_back(one);
  containers.back().path.pod_uid = containers.front().path.pod_uid;
  containers[3].pod.clear();  // its pod's name is known by the others
  std::vector<std::string> words = words_of(containers);
  for (const char* more : {"web", "w", "shop/", "shop/web", "0", "", "nobody", "a"})
    words.emplace_back(more);
  words.push_back(containers.front().path.cgroup);
  for (const std::string& word : words) {
    std::vector<std::string> shown;
    for (const Selector& one : selectors_of(containers, word))
      shown.push_back(one.shown + " " + std::to_string(one.containers.size()));
    EXPECT_EQ(searched(containers, word), shown) << word;
  }
}

TEST(Selector, ASearchKeepsNoMoreThanItMay) {
  std::vector<WorkloadView> containers;
  for (std::size_t number = 0; number < 3 * Search::most; ++number) {
    WorkloadView one = sample_container('a', "shop", "db-1", "db");
    one.path.pod_uid = "uid-" + std::to_string(1000 + number);
    containers.push_back(one);
  }
  EXPECT_THAT(searched(containers, "db"), SizeIs(Search::most));
}

TEST(Selector, WordsForCompletionNameOneThing) {
  EXPECT_THAT(words_of(sample_snapshot().containers),
              AllOf(Contains("db"), Contains("shop/web-1"), Not(Contains("web"))));
}

TEST(PreviewFields, ArriveAsTheyWere) {
  const PreviewView view = sample_preview();
  PreviewView read;
  for (const Fields& fields : fields_of(view)) read_fields(fields, read);
  EXPECT_EQ(read, view);
  read_fields({{"kind", std::string("of a newer service")}}, read);
  EXPECT_EQ(read, view);
}

}  // namespace
}  // namespace iopslimit::snapshot_test
