// SPDX-License-Identifier: Apache-2.0
// How the answers of several sources become one record.
#include "runtime/runtimes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "support/parsed_path.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::runtimes_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A source that always gives the same answer.
class FixedSource final : public RuntimeSource {
 public:
  explicit FixedSource(RecordAnswer answer) : answer_(std::move(answer)) {}

  RecordAnswer read(const ContainerPath&) override {
    ++reads;
    return answer_;
  }
  std::vector<RecordFile> awaited_files(const ContainerPath&) const override {
    return {{"/labels", "file"}};
  }

  int reads = 0;

 private:
  RecordAnswer answer_;
};

const std::string id(64, 'c');
const std::string bundle = "/state/io.containerd.runtime.v2.task/k8s.io/" + id + "/config.json";
const Record::Pairs blue{{"team", "blue"}};

struct RuntimesTest : testing::Test {
  TempTree tree;
  ContainerPath container = *parse_container_path("/kubepods/pod0a/cri-containerd-" + id);

  void containerd_wrote(const std::string& name) {
    tree.file(bundle, R"({"annotations":{"io.kubernetes.cri.container-name":")" + name + R"(",
      "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop",
      "example.org/iops":"5"}})");
  }
  RuntimeSources containerd() const {
    return known_sources(
        {.containerd_states = {tree.at("state")}, .containerd_namespaces = {"k8s.io"}},
        RuntimeType::automatic, {.annotation_prefixes = {"example.org"}});
  }
  /// Adds a source to the end; the reference is valid as long as `sources` or their Runtimes.
  static FixedSource& add(RuntimeSources& sources, RecordAnswer answer) {
    auto source = std::make_unique<FixedSource>(std::move(answer));
    FixedSource& added = *source;
    sources.push_back(std::move(source));
    return added;
  }
  /// What containerd's record becomes with what the runtime's socket told.
  Record told(std::optional<PodFacts> facts) {
    PodFactsTable table;
    table.set(container.pod_uid, std::move(facts));
    return std::get<Record>(Runtimes(containerd(), &table).read(container));
  }
  Record written() const {
    return {.runtime = RuntimeHint::containerd,
            .name = "web",
            .pod = "web-0",
            .pod_namespace = "shop",
            .annotations = {{"example.org/iops", "5"}}};
  }
};

TEST_F(RuntimesTest, TheSocketsLabelsAndAnnotationsReplaceThoseOfTheFiles) {
  containerd_wrote("web");
  Record record = written();
  record.labels = blue;
  record.annotations = {{"example.org/iops", "9"}};
  record.from_socket = true;
  EXPECT_EQ(told(PodFacts{.pod = "web-0",
                          .pod_namespace = "shop",
                          .labels = blue,
                          .annotations = {{"example.org/iops", "9"}}}),
            record);
}

TEST_F(RuntimesTest, WhatTheSocketTellsOfAnotherNameIsNotUsed) {
  containerd_wrote("web");
  EXPECT_EQ(told(PodFacts{.pod = "web-1", .pod_namespace = "shop", .labels = blue}), written());
  EXPECT_EQ(told(PodFacts{.pod = "web-0", .pod_namespace = "lab", .labels = blue}), written());
  EXPECT_EQ(told(std::nullopt), written());
}

TEST_F(RuntimesTest, TheSocketFillsWhatAnUnusableSandboxWouldHaveTold) {
  RuntimeSources sources;
  add(sources, Record{.runtime = RuntimeHint::crio,
                      .incomplete = true,
                      .lack = Record::Lack::unusable,
                      .name = "web"});
  PodFactsTable table;
  table.set(container.pod_uid, PodFacts{.pod = "web-0", .pod_namespace = "shop", .labels = blue});
  Runtimes runtimes(std::move(sources), &table);
  EXPECT_EQ(std::get<Record>(runtimes.read(container)), (Record{.runtime = RuntimeHint::crio,
                                                                .name = "web",
                                                                .pod = "web-0",
                                                                .pod_namespace = "shop",
                                                                .labels = blue,
                                                                .from_socket = true}));
}

TEST_F(RuntimesTest, TheSocketTellsNothingOfPodmansContainersAndOfThoseOutsideOfPods) {
  PodFactsTable table;
  table.set(container.pod_uid, PodFacts{.pod = "web-0", .labels = blue});
  table.set("", PodFacts{.pod = "web-0", .labels = blue});
  Record record{.runtime = RuntimeHint::podman};
  EXPECT_FALSE(table.add_to(record, container));
  record.runtime = RuntimeHint::docker;
  EXPECT_FALSE(table.add_to(record, {.cgroup = "/docker/" + id, .id = id}));
  EXPECT_EQ(record, (Record{.runtime = RuntimeHint::docker}));
}

TEST(KnownSockets, ThoseOfTheConfigurationComeFirst) {
  const auto sockets = known_sockets({"/run/mine"});
  EXPECT_EQ(sockets.front(), (RuntimeSocket{"/run/mine/containerd.sock", RuntimeHint::containerd}));
  EXPECT_THAT(sockets, testing::Contains(RuntimeSocket{"/run/crio/crio.sock", RuntimeHint::crio}));
}

TEST_F(RuntimesTest, UsableRecordWinsOverABadOneBeforeIt) {
  RuntimeSources sources;
  add(sources, BadRecord{"first"});
  add(sources, BadRecord{"second"});
  Runtimes bad(std::move(sources));
  EXPECT_EQ(bad.read(container), RecordAnswer(BadRecord{"first"}));
  containerd_wrote("web");
  RuntimeSources more;
  FixedSource& earlier = add(more, BadRecord{"first"});
  for (auto& source : containerd()) more.push_back(std::move(source));
  Runtimes usable(std::move(more));
  EXPECT_EQ(usable.read(container), RecordAnswer(written()));
  EXPECT_EQ(earlier.reads, 1) << "an earlier source adds nothing";
}

TEST_F(RuntimesTest, RecordOfALaterSourceIsUsedIfThereIsNoOther) {
  RuntimeSources sources = containerd();
  add(sources, Record{.name = "web"});
  Runtimes runtimes(std::move(sources));
  EXPECT_EQ(runtimes.read(container), RecordAnswer(Record{.name = "web"}));
}

TEST_F(RuntimesTest, AwaitsOnlyTheSourceWhoseRecordIsIncomplete) {
  RuntimeSources sources;
  add(sources, Record{.incomplete = true});
  for (auto& source : containerd()) sources.push_back(std::move(source));
  Runtimes runtimes(std::move(sources));
  const RecordFile labels{"/labels", "file"};
  const RecordFile own{tree.at("state"), bundle.substr(std::string("/state/").size())};
  EXPECT_THAT(runtimes.awaited_files(container), ElementsAre(labels, own));
  EXPECT_TRUE(std::get<Record>(runtimes.read(container)).incomplete);
  EXPECT_THAT(runtimes.awaited_files(container), ElementsAre(labels));
  const ContainerPath other{.cgroup = "/other", .id = id, .runtime = RuntimeHint::containerd};
  EXPECT_THAT(runtimes.awaited_files(other), ElementsAre(labels, own));
}

TEST(Runtimes, WithoutSourcesThereIsNoRecord) {
  Runtimes runtimes{RuntimeSources()};
  EXPECT_EQ(runtimes.read({}), RecordAnswer(NoRecord{}));
  EXPECT_THAT(runtimes.awaited_files({}), IsEmpty());
}

}  // namespace
}  // namespace iopslimit::runtimes_test
