// SPDX-License-Identifier: Apache-2.0
// How the answers of several sources become one record.
#include "runtime/runtimes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/parsed_path.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What a source of pod labels would be, such as the runtime's socket.
class LabelSource final : public RuntimeSource {
 public:
  explicit LabelSource(RecordAnswer answer) : answer_(std::move(answer)) {}

  RecordAnswer read(const ContainerPath&) override {
    ++reads;
    return answer_;
  }
  std::vector<RecordFile> awaited_files(const ContainerPath&) const override {
    return {{"/labels", "file"}};
  }
  bool adds_to(const ContainerPath&, const Record& record) const override {
    return record.labels.empty();
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
  static LabelSource& add(RuntimeSources& sources, RecordAnswer answer) {
    auto source = std::make_unique<LabelSource>(std::move(answer));
    LabelSource& added = *source;
    sources.push_back(std::move(source));
    return added;
  }
  /// What containerd's record becomes together with an answer.
  Record joined(RecordAnswer answer) {
    RuntimeSources sources = containerd();
    add(sources, std::move(answer));
    return std::get<Record>(Runtimes(std::move(sources)).read(container));
  }
  Record written() const {
    return {.runtime = RuntimeHint::containerd,
            .name = "web",
            .pod = "web-0",
            .pod_namespace = "shop",
            .annotations = {{"example.org/iops", "5"}}};
  }
};

TEST_F(RuntimesTest, LabelsComeFromTheSourceThatAddsThem) {
  containerd_wrote("web");
  Record record = written();
  record.labels = blue;
  EXPECT_EQ(joined(Record{.labels = blue}), record);
}

TEST_F(RuntimesTest, FillsOnlyWhatIsEmptyAndOverridesNothing) {
  containerd_wrote("web");
  Record record = written();
  record.image = "nginx:1";
  record.labels = blue;
  EXPECT_EQ(joined(Record{.runtime = RuntimeHint::docker,
                          .sandbox = true,
                          .name = "other",
                          .image = "nginx:1",
                          .pod = "other-0",
                          .pod_namespace = "other",
                          .labels = blue,
                          .annotations = {{"example.org/iops", "9"}, {"example.org/bps", "1"}}}),
            record);
  containerd_wrote("");
  EXPECT_EQ(joined(Record{.name = "web"}), written());
}

TEST_F(RuntimesTest, BadOrNoAnswerOfALaterSourceChangesNothing) {
  containerd_wrote("web");
  EXPECT_EQ(joined(BadRecord{"refused"}), written());
  EXPECT_EQ(joined(NoRecord{}), written());
}

TEST_F(RuntimesTest, SkipsSourceIfTheRecordHasEverything) {
  containerd_wrote("web");
  RuntimeSources sources;
  add(sources, Record{.labels = blue});
  LabelSource& later = add(sources, Record{.labels = {{"team", "red"}}});
  Runtimes runtimes(std::move(sources));
  EXPECT_EQ(std::get<Record>(runtimes.read(container)).labels, blue);
  EXPECT_EQ(later.reads, 0);
}

TEST_F(RuntimesTest, FirstOfTwoThatAddWins) {
  containerd_wrote("web");
  RuntimeSources sources = containerd();
  add(sources, Record{.labels = blue});
  LabelSource& later = add(sources, Record{.labels = {{"team", "red"}}});
  Runtimes runtimes(std::move(sources));
  EXPECT_EQ(std::get<Record>(runtimes.read(container)).labels, blue);
  EXPECT_EQ(later.reads, 0);
}

TEST_F(RuntimesTest, UsableRecordWinsOverABadOneBeforeIt) {
  RuntimeSources sources;
  add(sources, BadRecord{"first"});
  add(sources, BadRecord{"second"});
  Runtimes bad(std::move(sources));
  EXPECT_EQ(bad.read(container), RecordAnswer(BadRecord{"first"}));
  containerd_wrote("web");
  RuntimeSources more;
  LabelSource& earlier = add(more, BadRecord{"first"});
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
  RuntimeSources sources = containerd();
  add(sources, Record{.incomplete = true});
  Runtimes runtimes(std::move(sources));
  const RecordFile labels{"/labels", "file"};
  const RecordFile own{tree.at("state"), bundle.substr(std::string("/state/").size())};
  EXPECT_THAT(runtimes.awaited_files(container), ElementsAre(own, labels));
  containerd_wrote("web");
  EXPECT_TRUE(std::get<Record>(runtimes.read(container)).incomplete);
  EXPECT_THAT(runtimes.awaited_files(container), ElementsAre(labels));
  const ContainerPath other{.cgroup = "/other", .id = id, .runtime = RuntimeHint::containerd};
  EXPECT_THAT(runtimes.awaited_files(other), ElementsAre(own, labels));
}

TEST(Runtimes, WithoutSourcesThereIsNoRecord) {
  Runtimes runtimes{RuntimeSources()};
  EXPECT_EQ(runtimes.read({}), RecordAnswer(NoRecord{}));
  EXPECT_THAT(runtimes.awaited_files({}), IsEmpty());
}

}  // namespace
}  // namespace iopslimit
