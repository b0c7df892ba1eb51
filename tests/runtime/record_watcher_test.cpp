// SPDX-License-Identifier: Apache-2.0
// Records that come late, on a temporary tree with the kernel's own inotify.
#include "runtime/record_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/runtimes.hpp"
#include "support/parsed_path.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::record_watcher_test {
namespace {

const std::string id(64, 'c');
const std::string other_id(64, 'd');

struct RecordWatcherTest : testing::Test {
  TempTree tree;
  ContainerPath container = *parse_container_path("/kubepods/pod0a/" + id);
  RecordFile file{tree.at("state"), "task/k8s.io/" + id + "/config.json"};
  int ready = 0;
  Inotify inotify;
  RecordWatcher watch{inotify, [this](const ContainerPath& path) {
                        EXPECT_EQ(path, container);
                        ++ready;
                      }};

  std::string at(const std::string& path) const { return "/state/" + path; }
  std::string in_place() const { return at(file.relative); }
  /// Events since the last call that said the file is there.
  int woken() {
    ready = 0;
    for (pollfd event{.fd = inotify.fd(), .events = POLLIN, .revents = 0}; poll(&event, 1, 0) == 1;)
      read_events(watch);
    return ready;
  }
  /// Watches the kernel holds for `one`.
  int watches() const {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(inotify.instance()));
    int count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify wd:");
    return count;
  }
  void read_events(RecordWatcher& one) {
    inotify.read([&one](int folder, std::uint32_t mask, std::string_view name) {
      one.handle(folder, mask, name);
    });
  }
};

TEST_F(RecordWatcherTest, FoldersComeOneByOneAndTheFileInTwoWrites) {
  tree.folder("state");
  watch.await(container, {file});
  EXPECT_EQ(watches(), 1);
  for (const std::string& folder :
       {std::string("task"), std::string("task/k8s.io"), "task/k8s.io/" + id}) {
    tree.folder(at(folder));
    EXPECT_EQ(woken(), 0) << folder;
    EXPECT_EQ(watches(), 1) << folder;
  }
  {
    std::ofstream text(tree.at(in_place()));
    EXPECT_EQ(woken(), 0) << "there is nothing in it";
    text << "{\"annotations\"" << std::flush;
    text << ":{}}" << std::flush;
    EXPECT_EQ(woken(), 0) << "it is open for writing";
  }
  EXPECT_EQ(woken(), 1);
}

TEST_F(RecordWatcherTest, AllAtOnce) {
  tree.folder("state");
  watch.await(container, {file});
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

TEST_F(RecordWatcherTest, MovedInPlace) {
  tree.folder(at("task/k8s.io/" + id));
  watch.await(container, {file});
  tree.file(in_place() + ".tmp", "{}");
  EXPECT_EQ(woken(), 0);
  std::filesystem::rename(tree.at(in_place() + ".tmp"), tree.at(in_place()));
  EXPECT_EQ(woken(), 1);
}

TEST_F(RecordWatcherTest, LinkedInPlace) {
  tree.folder(at("task/k8s.io/" + id));
  tree.file("elsewhere", "{}");
  watch.await(container, {file});
  std::filesystem::create_hard_link(tree.at("elsewhere"), tree.at(in_place()));
  EXPECT_EQ(woken(), 1);
}

TEST_F(RecordWatcherTest, AFolderMovedInWithTheFile) {
  tree.file("elsewhere/" + id + "/config.json", "{}");
  tree.folder(at("task/k8s.io"));
  watch.await(container, {file});
  std::filesystem::rename(tree.at("elsewhere/" + id), tree.at(at("task/k8s.io/" + id)));
  EXPECT_EQ(woken(), 1);
}

TEST_F(RecordWatcherTest, AnIncompleteRecordIsWrittenAgain) {
  tree.file(in_place(), "{");
  watch.await(container, {file});
  EXPECT_EQ(woken(), 0);
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

TEST_F(RecordWatcherTest, AFolderThatGoesIsWaitedForAgain) {
  tree.folder(at("task/k8s.io/" + id));
  watch.await(container, {file});
  tree.remove(at("task/k8s.io/" + id));
  EXPECT_EQ(woken(), 0);
  tree.folder(at("task/k8s.io/" + id));
  EXPECT_EQ(woken(), 0);
  // As containerd does before it deletes.
  std::filesystem::rename(tree.at(at("task/k8s.io/" + id)), tree.at(at("task/k8s.io/." + id)));
  EXPECT_EQ(woken(), 0);
  tree.file(at("task/k8s.io/." + id + "/config.json"), "{}");
  EXPECT_EQ(woken(), 0);
  EXPECT_EQ(watches(), 1);
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
  tree.remove("state");
  EXPECT_EQ(woken(), 0);
  EXPECT_EQ(watches(), 0);
}

TEST_F(RecordWatcherTest, AFolderReplacedWithTheFileInIt) {
  tree.folder(at("task/k8s.io/" + id));
  watch.await(container, {file});
  std::filesystem::rename(tree.at(at("task/k8s.io/" + id)), tree.at(at("task/k8s.io/." + id)));
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

TEST_F(RecordWatcherTest, NothingAboveTheRootIsWatched) {
  watch.await(container, {file});
  EXPECT_EQ(watches(), 0);
  tree.file(in_place(), "{}");
  EXPECT_EQ(woken(), 0);
  watch.await(container, {file});
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

TEST_F(RecordWatcherTest, TheRootMayBeALinkWhatIsBelowMayNot) {
  tree.folder("disk2");
  std::filesystem::create_directory_symlink(tree.at("disk2"), tree.at("state"));
  watch.await(container, {file});
  EXPECT_EQ(watches(), 1);
  tree.folder("elsewhere");
  std::filesystem::create_directory_symlink(tree.at("elsewhere"), tree.at(at("task")));
  EXPECT_EQ(woken(), 0);
  tree.file("elsewhere/k8s.io/" + id + "/config.json", "{}");
  EXPECT_EQ(woken(), 0);
  EXPECT_EQ(watches(), 1) << "the root's";
}

TEST_F(RecordWatcherTest, AnyOfSeveralFiles) {
  tree.folder("state");
  tree.folder("lib/containers");
  const RecordFile second{tree.at("lib"), "containers/config.v2.json"};
  const RecordFile beside{tree.at("lib"), "containers/containers.json"};
  watch.await(container, {file, second, beside});
  EXPECT_EQ(watches(), 2);
  tree.file("lib/containers/containers.json", "[]");
  EXPECT_GE(woken(), 1);
  tree.file("lib/containers/config.v2.json", "{}");
  EXPECT_GE(woken(), 1);
  tree.file("lib/containers/other.json", "{}");
  EXPECT_EQ(woken(), 0);
  // Awaiting again replaces the files.
  watch.await(container, {second});
  EXPECT_EQ(watches(), 1);
  tree.file("lib/containers/containers.json", "[]");
  EXPECT_EQ(woken(), 0);
}

TEST_F(RecordWatcherTest, OthersAndForgottenOnesAreSilent) {
  tree.folder(at("task/k8s.io"));
  watch.await(container, {file});
  tree.file(at("task/k8s.io/" + other_id + "/config.json"), "{}");
  EXPECT_EQ(woken(), 0);
  watch.forget(container.cgroup);
  EXPECT_EQ(watch.awaited(), 0U);
  EXPECT_EQ(watches(), 0);
  tree.file(in_place(), "{}");
  EXPECT_EQ(woken(), 0);
}

TEST_F(RecordWatcherTest, ManyInOneFolderShareItsWatch) {
  tree.folder(at("task/k8s.io"));
  std::vector<std::string> on_event;
  RecordWatcher many(inotify,
                     [&on_event](const ContainerPath& path) { on_event.push_back(path.cgroup); });
  for (const char* cgroup : {"/a", "/b", "/c"}) {
    const bool leaf = std::string(cgroup) == "/c";  // the same container's file twice
    many.await({.cgroup = cgroup, .id = id},
               {{file.root, "task/k8s.io/" + (leaf ? "/b" : std::string(cgroup)).substr(1)}});
  }
  EXPECT_EQ(watches(), 1);
  tree.file(at("task/k8s.io/b"), "{}");
  read_events(many);
  EXPECT_THAT(on_event, testing::Contains("/b"));
  EXPECT_THAT(on_event, testing::Contains("/c"));
  EXPECT_THAT(on_event, testing::Not(testing::Contains("/a")));
  many.forget("/b");
  many.forget("/a");
  EXPECT_EQ(watches(), 1);
  many.forget("/c");
  EXPECT_EQ(watches(), 0);
}

TEST_F(RecordWatcherTest, UnwatchesFolderOncePassed) {
  tree.folder(at("task/k8s.io/" + other_id));
  watch.await(container, {file});
  watch.await({.cgroup = "/other", .id = other_id},
              {{file.root, "task/k8s.io/" + other_id + "/config.json"}});
  EXPECT_EQ(watches(), 2);
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

TEST_F(RecordWatcherTest, ForgetsContainersWhoseRemovalWasMissed) {
  tree.folder(at("task"));
  watch.await(container, {file});
  watch.forget_unless([](const std::string&) { return true; });
  EXPECT_EQ(watch.awaited(), 1U);
  watch.forget_unless([this](const std::string& cgroup) { return cgroup != container.cgroup; });
  EXPECT_EQ(watch.awaited(), 0U);
  EXPECT_EQ(watches(), 0);
}

TEST_F(RecordWatcherTest, ForgettingAndAwaitingInTheCallbackIsFine) {
  tree.folder(at("task/k8s.io/" + id));
  int calls = 0;
  RecordWatcher forgetful(inotify, [&](const ContainerPath& path) {
    ++calls;
    for (const char* cgroup : {"/kubepods/pod0a/a", "/kubepods/pod0a/b"}) forgetful.forget(cgroup);
    forgetful.await(path, {{file.root, "task/later"}});
  });
  forgetful.await({.cgroup = "/kubepods/pod0a/a", .id = id}, {file});
  forgetful.await({.cgroup = "/kubepods/pod0a/b", .id = id}, {file});
  tree.file(in_place(), "{}");
  read_events(forgetful);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(forgetful.awaited(), 1U);
  tree.file(at("task/later"), "{}");
  read_events(forgetful);
  EXPECT_GE(calls, 2);
}

TEST_F(RecordWatcherTest, RetriesAllAfterLostEvents) {
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int most = 0;
  limit >> most;
  if (most <= 0 || most > 50000) GTEST_SKIP() << "the queue holds " << most << " events";
  tree.folder("state");
  watch.await(container, {file});
  // Two names in turn: the same event again would be merged with the last one.
  tree.file(at("x"));
  for (int i = 0; i <= most; ++i) {
    const bool even = i % 2 == 0;
    std::filesystem::rename(tree.at(at(even ? "x" : "y")), tree.at(at(even ? "y" : "x")));
  }
  tree.file(in_place(), "{}");
  EXPECT_GE(woken(), 1);
}

// Late records of every runtime, as each writes them.
struct LateRecordTest : testing::Test {
  TempTree tree;
  Runtimes records{known_sources({.containerd_states = {tree.at("state")},
                                  .containerd_namespaces = {"k8s.io"},
                                  .crio_storages = {tree.at("storage")},
                                  .docker_roots = {tree.at("docker")}},
                                 RuntimeType::automatic, {.labels = {"team"}})};
  RecordAnswer last = NoRecord{};
  Inotify inotify;
  RecordWatcher watch{inotify, [this](const ContainerPath& path) {
                        last = records.read(path);
                        watch.await(path, records.awaited_files(path));
                      }};

  ContainerPath await(const std::string& cgroup, RuntimeHint runtime) {
    ContainerPath path{.cgroup = cgroup, .id = id, .pod_uid = "0a", .runtime = runtime};
    watch.await(path, records.awaited_files(path));
    last = records.read(path);
    EXPECT_EQ(last, RecordAnswer(NoRecord{}));
    return path;
  }
  std::string name() {
    inotify.read([this](int folder, std::uint32_t mask, std::string_view name) {
      watch.handle(folder, mask, name);
    });
    const auto* record = std::get_if<Record>(&last);
    return record != nullptr ? record->name : "none";
  }
};

TEST_F(LateRecordTest, Containerds) {
  tree.folder("state");
  await("/a", RuntimeHint::unknown);
  const std::string text = R"({"annotations":{"io.kubernetes.cri.container-name":"web"}})";
  const std::string path = "state/io.containerd.runtime.v2.task/k8s.io/" + id + "/config.json";
  tree.file(path, "");
  EXPECT_EQ(name(), "none");
  std::ofstream(tree.at(path)) << text.substr(0, 9) << std::flush << text.substr(9);
  EXPECT_EQ(name(), "web");
}

TEST_F(LateRecordTest, CriosAndThenItsSandboxs) {
  tree.folder("storage/overlay-containers");
  const ContainerPath path = await("/a", RuntimeHint::crio);
  tree.file(
      "storage/overlay-containers/" + id + "/userdata/config.json",
      R"({"annotations":{"io.kubernetes.container.name":"web","io.kubernetes.cri-o.SandboxID":")" +
          other_id + "\"}}");
  EXPECT_EQ(name(), "web");
  EXPECT_TRUE(std::get<Record>(last).incomplete);
  tree.file("storage/overlay-containers/" + other_id + "/userdata/config.json",
            R"({"annotations":{"io.kubernetes.container.name":"POD","team":"blue"}})");
  EXPECT_EQ(name(), "web");
  EXPECT_EQ(std::get<Record>(last).labels, (Record::Pairs{{"team", "blue"}}));
  EXPECT_FALSE(std::get<Record>(last).incomplete);
}

TEST_F(LateRecordTest, DockersByRename) {
  tree.folder("docker");
  await("/a", RuntimeHint::docker);
  const std::string folder = tree.at("docker/containers/" + id);
  tree.file("docker/containers/" + id + "/.tmp-config.v2.json1",
            R"({"Name":"/web","Config":{"Labels":null}})");
  EXPECT_EQ(name(), "none");
  std::filesystem::rename(folder + "/.tmp-config.v2.json1", folder + "/config.v2.json");
  EXPECT_EQ(name(), "web");
}

TEST_F(LateRecordTest, PodmansInAListThatIsThere) {
  const std::string list = "storage/overlay-containers/containers.json";
  tree.file(list, "[]");
  await("/a", RuntimeHint::podman);
  tree.file("storage/overlay-containers/.tmp-1", R"([{"id":")" + id + R"(","names":["db"]}])");
  std::filesystem::rename(tree.at("storage/overlay-containers/.tmp-1"), tree.at(list));
  EXPECT_EQ(name(), "db");
}

}  // namespace
}  // namespace iopslimit::record_watcher_test
