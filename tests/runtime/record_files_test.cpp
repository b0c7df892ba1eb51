// SPDX-License-Identifier: Apache-2.0
// The records of every runtime, read from files.
#include "runtime/record_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "runtime/podman.hpp"
#include "runtime/runtimes.hpp"
#include "support/parsed_path.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::record_files_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string id(64, 'c');
const std::string sandbox_id(64, '5');
const std::string task = "io.containerd.runtime.v2.task/k8s.io/";
const std::string bundle = "/state/" + task + id + "/config.json";
const std::string good = R"({"annotations":{"io.kubernetes.cri.container-name":"web"}})";
const Record web{.runtime = RuntimeHint::containerd, .name = "web"};

const std::string crio_file = "/userdata/config.json";
const std::string crio_text =
    R"({"annotations":{"io.kubernetes.container.name":"web","io.kubernetes.cri-o.SandboxID":")" +
    sandbox_id + "\"}}";
const std::string crio_sandbox =
    R"({"annotations":{"io.kubernetes.container.name":"POD","team":"blue"}})";
const std::string docker_text = R"({"Name":"/web","Config":{"Labels":{"team":"red"}}})";

struct ContainerRecordTest : testing::Test {
  TempTree tree;
  RecordFolders folders{.containerd_states = {tree.at("state")},
                        .containerd_namespaces = {"k8s.io"},
                        .crio_storages = {tree.at("run"), tree.at("lib")},
                        .docker_roots = {tree.at("docker")}};
  Runtimes records = reader(RuntimeType::automatic);
  Runtimes wishing = reader(RuntimeType::automatic, {.labels = {"team"}});
  ContainerPath container = *parse_container_path("/kubepods/pod0a/" + id);
  ContainerPath crio = *parse_container_path("/kubepods/pod0a/crio-" + id);
  ContainerPath podman{
      .cgroup = "/machine.slice/libpod-" + id + ".scope", .id = id, .runtime = RuntimeHint::podman};

  Runtimes reader(RuntimeType type, const RecordRequest& request = {}) const {
    return Runtimes(known_sources(folders, type, request));
  }
  static std::string overlay(const std::string& storage, const std::string& rest) {
    return storage + "/overlay-containers/" + rest;
  }
  std::string docker_file(const std::string& its_id) const {
    return "/docker/containers/" + its_id + "/config.v2.json";
  }
  std::string bad_record() { return bad_record(records, container); }
  static std::string bad_record(Runtimes& runtimes, const ContainerPath& path) {
    const RecordAnswer answer = runtimes.read(path);
    const auto* bad = std::get_if<BadRecord>(&answer);
    return bad != nullptr ? bad->why : "not bad";
  }
  static std::vector<std::string> awaited(const Runtimes& runtimes, const ContainerPath& path) {
    std::vector<std::string> files;
    for (const RecordFile& file : runtimes.awaited_files(path)) files.push_back(file.path());
    return files;
  }
};

TEST_F(ContainerRecordTest, ReadsTheBundle) {
  tree.file(bundle, good);
  EXPECT_EQ(records.read(container), RecordAnswer(web));
}

TEST_F(ContainerRecordTest, NothingThereIsNoRecord) {
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  tree.folder("/state/" + task + id);
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
}

TEST_F(ContainerRecordTest, SkipsOtherNamespaces) {
  tree.file("/state/io.containerd.runtime.v2.task/moby/" + id + "/config.json", good);
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  folders.containerd_namespaces.emplace_back("moby");
  Runtimes moby = reader(RuntimeType::automatic);
  EXPECT_EQ(moby.read(container), RecordAnswer(web));
}

TEST(RecordFolders, KnownOnesFollowTheConfiguredOnes) {
  EXPECT_EQ(
      known_record_folders({"/a", "/b"}, {"k8s.io", "moby"}, "/nothing"),
      (RecordFolders{
          .containerd_states = {"/a", "/b", "/run/containerd", "/run/k3s/containerd",
                                "/run/k0s/containerd", "/var/snap/microk8s/common/run/containerd"},
          .containerd_namespaces = {"k8s.io", "moby"},
          .crio_storages = {"/a", "/b", "/run/containers/storage", "/var/lib/containers/storage"},
          .docker_roots = {"/a", "/b", "/var/lib/docker"}}));
}

TEST(RecordFolders, StatesBesideTheKnownOnesAreFound) {
  const TempTree run;
  run.folder("/other/containerd/io.containerd.runtime.v2.task/k8s.io");
  run.folder("/empty/containerd");
  run.folder("/deeper/a/containerd/io.containerd.runtime.v2.task");
  const auto states = known_record_folders({}, {}, run.root()).containerd_states;
  EXPECT_EQ(states.size(), known_record_folders({}, {}, "/nothing").containerd_states.size() + 1);
  EXPECT_EQ(states.back(), run.at("/other/containerd"));
}

TEST_F(ContainerRecordTest, EveryRuntimesRecordIsFound) {
  tree.file(overlay("lib", id) + crio_file, crio_text);
  EXPECT_EQ(std::get<Record>(records.read(crio)).runtime, RuntimeHint::crio);
  tree.file(overlay("lib", "volatile-containers.json"),
            R"([{"id":")" + id + R"(","names":["db"]}])");
  EXPECT_EQ(records.read(podman),
            RecordAnswer(Record{.runtime = RuntimeHint::podman, .name = "db"}));
  tree.file(docker_file(id), docker_text);
  EXPECT_EQ(records.read(container),
            RecordAnswer(Record{.runtime = RuntimeHint::docker, .name = "web"}));
  // A bare id is containerd's as soon as containerd has it.
  tree.file(bundle, good);
  EXPECT_EQ(records.read(container), RecordAnswer(web));
}

TEST_F(ContainerRecordTest, OnlyTheAllowedRuntimeIsRead) {
  tree.file(bundle, good);
  tree.file(docker_file(id), docker_text);
  EXPECT_EQ(records.read(crio), RecordAnswer(NoRecord{}));
  EXPECT_EQ(records.read(podman), RecordAnswer(NoRecord{}));
  Runtimes docker = reader(RuntimeType::docker);
  EXPECT_EQ(std::get<Record>(docker.read(container)).runtime, RuntimeHint::docker);
  Runtimes crio_only = reader(RuntimeType::crio);
  EXPECT_EQ(crio_only.read(container), RecordAnswer(NoRecord{}));
}

TEST_F(ContainerRecordTest, OutsideOfPodsDockersLabelsAreTheContainers) {
  tree.file(docker_file(id), docker_text);
  EXPECT_TRUE(std::get<Record>(wishing.read(container)).labels.empty());
  const ContainerPath plain{.cgroup = "/docker/" + id, .id = id, .runtime = RuntimeHint::docker};
  EXPECT_EQ(std::get<Record>(wishing.read(plain)).labels, (Record::Pairs{{"team", "red"}}));
}

TEST_F(ContainerRecordTest, PodmansListsAreSearchedInTurn) {
  const std::string other = R"({"id":")" + sandbox_id + R"(","names":["x"]})";
  tree.file(overlay("run", "containers.json"), "[" + other + "]");
  tree.file(overlay("lib", "containers.json"), "[" + other + R"(,{"id":")" + id + R"("}])");
  EXPECT_EQ(records.read(podman), RecordAnswer(Record{.runtime = RuntimeHint::podman}));
  tree.file(overlay("lib", "containers.json"), "[" + other);
  EXPECT_THAT(bad_record(records, podman),
              HasSubstr(tree.at(overlay("lib", "containers.json")) + ": "));
}

TEST_F(ContainerRecordTest, AGoodRecordElsewhereIsWorthMoreThanABadOne) {
  tree.file(overlay("run", id) + crio_file, crio_text.substr(0, 30));
  EXPECT_THAT(bad_record(records, crio), HasSubstr(tree.at(overlay("run", id) + crio_file)));
  tree.file(overlay("lib", id) + crio_file, crio_text);
  EXPECT_EQ(std::get<Record>(records.read(crio)).name, "web");
}

TEST_F(ContainerRecordTest, LabelsComeFromTheSandboxAndAreWaitedFor) {
  tree.file(overlay("run", id) + crio_file, crio_text);
  Record record = std::get<Record>(wishing.read(crio));
  EXPECT_TRUE(record.incomplete);
  EXPECT_THAT(awaited(wishing, crio), ElementsAre(tree.at(overlay("run", sandbox_id) + crio_file),
                                                  tree.at(overlay("lib", sandbox_id) + crio_file)));
  EXPECT_FALSE(std::get<Record>(records.read(crio)).incomplete) << "nobody wishes for labels";
  tree.file(overlay("run", sandbox_id) + crio_file, "{");
  EXPECT_TRUE(std::get<Record>(wishing.read(crio)).incomplete);
  tree.file(overlay("lib", sandbox_id) + crio_file, crio_sandbox);
  record = std::get<Record>(wishing.read(crio));
  EXPECT_FALSE(record.incomplete);
  EXPECT_EQ(record.labels, (Record::Pairs{{"team", "blue"}}));
}

TEST_F(ContainerRecordTest, SearchesSandboxWithItsOwnRuntimeOnly) {
  tree.file(overlay("run", id) + crio_file, crio_text);
  tree.file(docker_file(sandbox_id), crio_sandbox);
  EXPECT_TRUE(std::get<Record>(wishing.read(crio)).incomplete);
}

TEST_F(ContainerRecordTest, AwaitsTheRecordAgainWhenItIsGone) {
  tree.file(overlay("run", id) + crio_file, crio_text);
  EXPECT_TRUE(std::get<Record>(wishing.read(crio)).incomplete);
  tree.remove(overlay("run", id));
  EXPECT_EQ(wishing.read(crio), RecordAnswer(NoRecord{}));
  EXPECT_THAT(awaited(wishing, crio), testing::Contains(tree.at(overlay("run", id) + crio_file)));
}

TEST_F(ContainerRecordTest, DockersSandboxIsJoined) {
  const std::string type = R"({"Config":{"Labels":{"io.kubernetes.docker.type":)";
  tree.file(docker_file(id), type + R"("container","io.kubernetes.sandbox.id":")" + sandbox_id +
                                 R"("}},"Name":"/k8s_web_p_n_u_0"})");
  EXPECT_TRUE(std::get<Record>(wishing.read(container)).incomplete);
  EXPECT_THAT(awaited(wishing, container), ElementsAre(tree.at(docker_file(sandbox_id))));
  tree.file(docker_file(sandbox_id),
            type + R"("podsandbox","team":"blue"}},"Name":"/k8s_POD_p_n_u_0"})");
  EXPECT_EQ(std::get<Record>(wishing.read(container)).labels, (Record::Pairs{{"team", "blue"}}));
}

TEST_F(ContainerRecordTest, OldContainerdsPodIsNamedByItsSandbox) {
  const std::string key = R"({"annotations":{"io.kubernetes.cri.)";
  tree.file(bundle, key + R"(sandbox-id":")" + sandbox_id + "\"}}");
  EXPECT_TRUE(std::get<Record>(records.read(container)).incomplete);
  tree.file("/state/" + task + sandbox_id + "/config.json",
            key + R"(container-type":"sandbox","io.kubernetes.cri.sandbox-log-directory":)" +
                R"("/var/log/pods/shop_db-0_0a"}})");
  const Record record = std::get<Record>(records.read(container));
  EXPECT_EQ(record.pod + " " + record.pod_namespace, "db-0 shop");
  EXPECT_FALSE(record.incomplete);
}

TEST_F(ContainerRecordTest, NoPathIsMadeOfWhatIsNoId) {
  tree.file("/state/" + task + "x/config.json", good);
  tree.file("/config.json", good);
  container.id = "x";
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  EXPECT_THAT(records.awaited_files(container), IsEmpty());
  tree.file(overlay("run", id) + crio_file,
            R"({"annotations":{"io.kubernetes.cri-o.SandboxID":"../evil"}})");
  tree.file("/run/evil" + crio_file, crio_sandbox);
  const Record record = std::get<Record>(wishing.read(crio));
  EXPECT_FALSE(record.incomplete);
  EXPECT_TRUE(record.labels.empty());
}

TEST_F(ContainerRecordTest, AwaitsWhatItWouldRead) {
  EXPECT_THAT(awaited(records, container), ElementsAre(tree.at(bundle), tree.at(docker_file(id))));
  EXPECT_THAT(awaited(records, crio), ElementsAre(tree.at(overlay("run", id) + crio_file),
                                                  tree.at(overlay("lib", id) + crio_file)));
  EXPECT_THAT(awaited(records, podman),
              ElementsAre(tree.at(overlay("run", "containers.json")),
                          tree.at(overlay("run", "volatile-containers.json")),
                          tree.at(overlay("lib", "containers.json")),
                          tree.at(overlay("lib", "volatile-containers.json"))));
  const auto files = records.awaited_files(container);
  EXPECT_EQ(files[0].root, tree.at("state"));
  EXPECT_EQ(files[1].relative, "containers/" + id + "/config.v2.json");
}

TEST_F(ContainerRecordTest, LinksAreNotFollowed) {
  tree.file("/elsewhere/config.json", good);
  tree.file("/elsewhere/userdata/config.json", crio_text);
  tree.folder("/state/" + task);
  std::filesystem::create_directory_symlink(tree.at("/elsewhere"), tree.at("/state/" + task + id));
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  std::filesystem::remove(tree.at("/state/" + task + id));
  tree.folder("/state/" + task + id);
  std::filesystem::create_symlink(tree.at("/elsewhere/config.json"), tree.at(bundle));
  EXPECT_THAT(bad_record(), HasSubstr("symbolic links"));
  tree.folder(overlay("run", id));
  std::filesystem::create_directory_symlink(tree.at("/elsewhere/userdata"),
                                            tree.at(overlay("run", id) + "/userdata"));
  EXPECT_EQ(records.read(crio), RecordAnswer(NoRecord{}));
  tree.file("/elsewhere/containers.json", R"([{"id":")" + id + "\"}]");
  std::filesystem::create_symlink(tree.at("/elsewhere/containers.json"),
                                  tree.at(overlay("run", "containers.json")));
  EXPECT_THAT(bad_record(records, podman), HasSubstr("symbolic links"));
}

TEST_F(ContainerRecordTest, TheRuntimesOwnFolderMayBeALink) {
  tree.file("/disk2/containers/" + id + "/config.v2.json", docker_text);
  std::filesystem::create_directory_symlink(tree.at("/disk2"), tree.at("/docker"));
  EXPECT_EQ(std::get<Record>(records.read(container)).name, "web");
}

TEST_F(ContainerRecordTest, RefusesNonFilesWithoutWaiting) {
  tree.folder("/state/" + task + id);
  ASSERT_EQ(mkfifo(tree.at(bundle).c_str(), 0600), 0);
  EXPECT_THAT(bad_record(), HasSubstr("config.json: is not a regular file"));
  std::filesystem::remove(tree.at(bundle));
  ASSERT_EQ(mknod(tree.at(bundle).c_str(), S_IFSOCK | 0600U, 0), 0);
  EXPECT_THAT(bad_record(), HasSubstr("config.json: No such device or address"));
  tree.folder(docker_file(id));
  Runtimes docker = reader(RuntimeType::docker);
  EXPECT_THAT(bad_record(docker, container), HasSubstr("config.v2.json: Is a directory"));
}

TEST_F(ContainerRecordTest, BadTextNamesThePath) {
  tree.file(bundle, good.substr(0, 20));
  EXPECT_THAT(bad_record(), HasSubstr(tree.at(bundle) + ": "));
}

TEST_F(ContainerRecordTest, ALargeRecordIsReadPieceByPiece) {
  const std::string large =
      R"({"process":{"env":[")" + std::string(12U << 20, 'x') + "\"]}," + good.substr(1);
  tree.file(bundle, large);
  EXPECT_EQ(records.read(container), RecordAnswer(LargeRecord{}));
  std::size_t pieces = 1;
  RecordAnswer answer = records.read_piece(container);
  for (; is_large(answer); ++pieces) answer = records.read_piece(container);
  EXPECT_EQ(answer, RecordAnswer(web));
  EXPECT_EQ(pieces, large.size() / LargeFiles::piece + 2);
  EXPECT_EQ(records.read_whole(container), RecordAnswer(web));
}

TEST_F(ContainerRecordTest, OthersAreReadBetweenThePieces) {
  tree.file(bundle, R"({"a":")" + std::string(1U << 20, 'x') + "\"," + good.substr(1));
  tree.file(overlay("lib", id) + crio_file, crio_text);
  EXPECT_TRUE(is_large(records.read_piece(container)));
  EXPECT_EQ(std::get<Record>(records.read(crio)).name, "web");
  EXPECT_EQ(records.read_whole(container), RecordAnswer(web));
}

TEST_F(ContainerRecordTest, ASparseRecordIsNotReadToItsEnd) {
  tree.file(bundle, "");
  std::filesystem::resize_file(tree.at(bundle), 100ULL << 30);
  EXPECT_EQ(records.read(container), RecordAnswer(LargeRecord{}));
  EXPECT_THAT(std::get<BadRecord>(records.read_piece(container)).why, HasSubstr("64 MiB"))
      << "at once";
}

TEST_F(ContainerRecordTest, ARecordThatGrowsHasAnEnd) {
  tree.file(bundle, "{\"a\":\"" + std::string(1U << 20, 'x'));
  EXPECT_EQ(records.read(container), RecordAnswer(LargeRecord{}));
  std::size_t pieces = 0;
  RecordAnswer answer = LargeRecord{};
  for (; is_large(answer) && pieces < 1000; ++pieces) {
    std::filesystem::resize_file(tree.at(bundle), (pieces + 8) * LargeFiles::piece);
    answer = records.read_piece(container);
  }
  EXPECT_LE(pieces, LargeFiles::max_file / LargeFiles::piece + 2);
  EXPECT_THAT(std::get<BadRecord>(answer).why, HasSubstr(tree.at(bundle)));
}

TEST_F(ContainerRecordTest, AHugeRecordIsBad) {
  tree.file(bundle, R"({"a":")" + std::string(LargeFiles::max_file, 'x') + "\"," + good.substr(1));
  EXPECT_TRUE(is_large(records.read(container)));
  EXPECT_THAT(std::get<BadRecord>(records.read_whole(container)).why, HasSubstr("64 MiB"));
  tree.file(bundle, "{\"annotations\":{\"x\":\"" + std::string(5U << 20, 'x') + "\"}}");
  EXPECT_THAT(std::get<BadRecord>(records.read_whole(container)).why, HasSubstr("too large"));
  tree.file(bundle, good);
  EXPECT_EQ(records.read(container), RecordAnswer(web));
}

TEST_F(ContainerRecordTest, AnnotationsOfEverySizeAreFound) {
  for (const std::size_t size :
       {RecordFiles::usual - 200, RecordFiles::usual, std::size_t{1} << 20}) {
    tree.file(bundle,
              good.substr(0, good.size() - 2) + R"(,"x":")" + std::string(size, 'x') + "\"}}");
    EXPECT_EQ(records.read_whole(container), RecordAnswer(web)) << size;
  }
}

TEST_F(ContainerRecordTest, ALargeSandboxIsReadPieceByPiece) {
  tree.file(overlay("lib", id) + crio_file, crio_text);
  const std::string sandbox = overlay("lib", sandbox_id) + crio_file;
  tree.file(sandbox,
            R"({"hooks":[")" + std::string(1U << 20, 'x') + "\"]," + crio_sandbox.substr(1));
  const Record first = std::get<Record>(wishing.read(crio));
  EXPECT_TRUE(first.incomplete);
  EXPECT_EQ(first.lack, Record::Lack::large);
  EXPECT_EQ(std::get<Record>(wishing.read_whole(crio)).labels, (Record::Pairs{{"team", "blue"}}));
  tree.file(sandbox, "cut");
  EXPECT_EQ(std::get<Record>(wishing.read(crio)).lack, Record::Lack::unusable);
  std::filesystem::remove(tree.at(sandbox));
  EXPECT_EQ(std::get<Record>(wishing.read(crio)).lack, Record::Lack::late);
}

TEST_F(ContainerRecordTest, DockersLargeRecordHasItsLabels) {
  tree.file(docker_file(id), R"({"Name":"/web","Config":{"Env":[")" + std::string(2U << 20, 'x') +
                                 R"("],"Image":"i","Labels":{"team":"red"}}})");
  const ContainerPath plain{.cgroup = "/docker/" + id, .id = id, .runtime = RuntimeHint::docker};
  EXPECT_TRUE(is_large(wishing.read(plain)));
  EXPECT_EQ(wishing.read_whole(plain), RecordAnswer(Record{.runtime = RuntimeHint::docker,
                                                           .name = "web",
                                                           .image = "i",
                                                           .labels = {{"team", "red"}}}));
}

TEST_F(ContainerRecordTest, PodmansLargeListIsReadWhole) {
  const std::string filling(8U << 20, ' ');
  tree.file(overlay("run", "containers.json"), "[" + filling + R"({"id":")" + id + "\"}]");
  EXPECT_TRUE(is_large(records.read(podman)));
  EXPECT_EQ(records.read_whole(podman), RecordAnswer(Record{.runtime = RuntimeHint::podman}));
  tree.file(overlay("run", "containers.json"),
            "[" + std::string(PodmanSource::max_list, ' ') + "]");
  EXPECT_THAT(std::get<BadRecord>(records.read_whole(podman)).why, HasSubstr("too large"));
}

}  // namespace
}  // namespace iopslimit::record_files_test
