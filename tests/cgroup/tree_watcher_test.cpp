// SPDX-License-Identifier: Apache-2.0
// Real inotify on a temporary tree shaped like the kubelet's.
#include "cgroup/tree_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "support/watched_tree.hpp"

namespace iopslimit::tree_watcher_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

const std::string pod = "/kubepods/burstable/pod0a";

std::string container(int number, const std::string& in = pod) {
  std::string id = std::to_string(number);
  id.insert(0, 64 - id.size(), '0');
  return in + "/" + id;
}

using TreeWatcherTest = WatchedTree;

TEST_F(TreeWatcherTest, ListsWhatWasThereBefore) {
  tree.folder(container(1));
  tree.folder(container(2, "/kubepods/pod0b"));
  tree.folder("/kubelet.slice/kubelet-kubepods.slice");
  EXPECT_THAT(scan(), UnorderedElementsAre("/kubepods", pod, container(1), "/kubepods/pod0b",
                                           container(2, "/kubepods/pod0b"),
                                           "/kubelet.slice/kubelet-kubepods.slice"));
}

TEST_F(TreeWatcherTest, APodIsListedBeforeItsContainers) {
  tree.folder(container(1));
  tree.folder(container(1) + "/container");
  EXPECT_THAT(scan(), ElementsAre("/kubepods", pod, container(1)));
}

TEST_F(TreeWatcherTest, ReportsAPodBeforeItsContainers) {
  tree.folder("/kubepods/burstable");
  scan();
  tree.folder(pod);
  read();
  EXPECT_THAT(order, ElementsAre(pod));
  tree.folder(container(1));
  read();
  EXPECT_THAT(order, ElementsAre(pod, container(1)));
}

// The container is there when the pod's event is read: nothing tells its own creation.
TEST_F(TreeWatcherTest, ReportsAContainerAfterItsNewPod) {
  const std::string slice = "/kubepods.slice/kubepods-pod0a.slice";
  const std::string scope = slice + "/cri-containerd-" + container(1, "").substr(1) + ".scope";
  tree.folder("/kubepods.slice");
  scan();
  tree.folder(scope);
  read();
  EXPECT_THAT(order, ElementsAre(slice, scope));
}

TEST_F(TreeWatcherTest, ReportsWhatComesLater) {
  scan();
  for (const auto* step : {"/kubepods", "/kubepods/burstable", "/kubepods/burstable/pod0a"}) {
    tree.folder(step);
    read();
  }
  tree.folder(container(1));
  read();
  EXPECT_THAT(order, ElementsAre("/kubepods", pod, container(1)));
}

TEST_F(TreeWatcherTest, AWholeBranchAtOnceIsFoundBelowItsFirstDirectory) {
  scan();
  tree.folder(container(1, "/kubelet/kubepods/besteffort/pod0c"));
  read();
  EXPECT_THAT(order, ElementsAre("/kubelet/kubepods", "/kubelet/kubepods/besteffort/pod0c",
                                 container(1, "/kubelet/kubepods/besteffort/pod0c")));
  tree.folder(container(2, "/kubelet/kubepods/besteffort/pod0c"));
  read();
  EXPECT_THAT(appeared, Contains(container(2, "/kubelet/kubepods/besteffort/pod0c")));
}

TEST_F(TreeWatcherTest, AContainersOwnSubtreeIsNeverWatched) {
  tree.folder(container(1));
  scan();
  const std::size_t watches = watch.watch_count();
  for (int i = 0; i < 100; ++i)
    tree.folder(container(1) + "/kubepods/pod0d/" + container(i, "").substr(1));
  read();
  scan();
  EXPECT_THAT(appeared, IsEmpty());
  EXPECT_EQ(watch.watch_count(), watches);
  EXPECT_EQ(poll(nullptr, 0, 0), 0);
}

TEST_F(TreeWatcherTest, ReportsRemoval) {
  tree.folder(container(1));
  scan();
  tree.remove(container(1));
  read();
  EXPECT_THAT(vanished, ElementsAre(container(1)));
  tree.remove(pod);
  read();
  EXPECT_THAT(vanished, ElementsAre(container(1), pod));
}

TEST_F(TreeWatcherTest, AfterTenThousandContainersTheWatchesAreWhatTheyWere) {
  tree.folder("/kubepods/burstable");
  scan();
  const std::size_t before = watch.watch_count();
  for (int i = 0; i < 10000; ++i) {
    const std::string one = "/kubepods/burstable/pod" + std::to_string(i);
    tree.folder(container(i, one));
    read();
    tree.remove(one);
    read();
  }
  EXPECT_EQ(watch.watch_count(), before);
  EXPECT_THAT(appeared, SizeIs(20000));
}

TEST_F(TreeWatcherTest, AScanDropsWatchesOfWhatWentUnheard) {
  tree.folder(container(1));
  scan();
  const std::size_t before = watch.watch_count();
  tree.folder(container(2, "/kubepods/pod0e"));
  scan();
  EXPECT_EQ(watch.watch_count(), before + 1);
  tree.remove("/kubepods/pod0e");
  scan();  // the events are still unread
  EXPECT_EQ(watch.watch_count(), before);
  read();
  EXPECT_EQ(watch.watch_count(), before);
}

TEST_F(TreeWatcherTest, TheSamePodPathMadeAgainIsWatchedAgain) {
  tree.folder(pod);
  scan();
  tree.remove(pod);
  tree.folder(pod);
  read();  // both events at once: IN_DELETE finds the new directory
  tree.folder(container(1));
  read();
  EXPECT_THAT(appeared, Contains(container(1)));
}

TEST_F(TreeWatcherTest, AScanBetweenRemovalAndItsEventKeepsTheNewWatch) {
  tree.folder(pod);
  scan();
  tree.remove(pod);
  tree.folder(pod);
  scan();
  read();
  tree.folder(container(1));
  read();
  EXPECT_THAT(appeared, Contains(container(1)));
}

TEST_F(TreeWatcherTest, OthersDirectoriesAreNotWatched) {
  tree.folder("/system.slice/docker.service");
  tree.folder("/user.slice/user-0.slice");
  tree.folder("/docker/" + std::string(64, 'a'));
  scan();
  EXPECT_EQ(watch.watch_count(), 4U);  // the root, /docker, system.slice and the service in it
}

TEST_F(TreeWatcherTest, ReportsOverflow) {
  std::ifstream sysctl("/proc/sys/fs/inotify/max_queued_events");
  int queue = 0;
  sysctl >> queue;
  ASSERT_GT(queue, 0);
  tree.folder("/kubepods");
  scan();
  for (int i = 0; i <= queue; ++i) {
    const std::string one = "/kubepods/pod" + std::to_string(i);
    tree.folder(one);
  }
  read();
  EXPECT_EQ(lost, 1);
  EXPECT_THAT(warnings, Contains(HasSubstr("max_queued_events")));
}

TEST_F(TreeWatcherTest, EnabledControllerReportsTheSiblings) {
  tree.folder(container(1));
  tree.file(pod + "/cgroup.subtree_control");
  scan();
  watch.await_controller(container(1));
  tree.file(pod + "/cgroup.subtree_control", "+io");
  read();
  EXPECT_THAT(appeared, UnorderedElementsAre(container(1)));
  appeared.clear();
  tree.file(pod + "/cgroup.subtree_control", "+cpu");
  read();
  EXPECT_THAT(appeared, IsEmpty()) << "nobody waits any more";
  watch.await_controller(container(1));
  tree.file(pod + "/cgroup.subtree_control", "+io");
  read();
  EXPECT_THAT(appeared, UnorderedElementsAre(container(1))) << "asked again";
}

TEST_F(TreeWatcherTest, DescriptorIsReadableWhenEventsWait) {
  tree.folder("/kubepods");
  scan();
  EXPECT_FALSE(readable());
  tree.folder("/kubepods/burstable");
  EXPECT_TRUE(readable());
  watch.read_events();
  EXPECT_FALSE(readable());
}

// Or whoever makes cgroups without end would keep everybody else waiting.
TEST_F(TreeWatcherTest, OneReadHandlesOneBatch) {
  tree.folder(pod);
  scan();
  for (int i = 0; i < 1000; ++i) tree.folder(container(i));
  watch.read_events();
  EXPECT_THAT(appeared.size(), testing::AllOf(testing::Gt(0U), testing::Lt(900U)));
  EXPECT_TRUE(readable());
  read();
  EXPECT_THAT(appeared, SizeIs(1000));
}

// A container in a loop of mkdir and rmdir: others' events come after few of its own.
TEST_F(TreeWatcherTest, ReportsTheLastOfADirectoryMadeAndRemovedInALoop) {
  tree.folder(pod);
  scan();
  order.clear();
  for (int round = 0; round < 50; ++round) {
    tree.folder(container(1));
    tree.folder(container(2));
    std::filesystem::remove(tree.at(container(1)));
    std::filesystem::remove(tree.at(container(2)));
  }
  tree.folder(container(1));
  tree.folder(container(3));
  read();
  // By the last removal, as it is there again, and by its own event.
  EXPECT_THAT(order, ElementsAre(container(1), container(1), container(3)));
  EXPECT_THAT(vanished, UnorderedElementsAre(container(1), container(2)));
}

TEST_F(TreeWatcherTest, ARemovedCgroupIsNotThere) {
  tree.folder(pod);
  EXPECT_TRUE(watch.is_there(pod));
  tree.remove(pod);
  EXPECT_FALSE(watch.is_there(pod));
}

// v1 lets a cgroup be renamed: the watch stays with the directory, whatever order the names are
// looked at in.
TEST_F(TreeWatcherTest, RenamedPodsKeepTheirWatches) {
  tree.folder("/kubepods/pod0a");
  tree.folder("/kubepods/pod0b");
  scan();
  const std::size_t before = watch.watch_count();
  std::filesystem::rename(tree.at("/kubepods/pod0a"), tree.at("/kubepods/pod0c"));
  std::filesystem::rename(tree.at("/kubepods/pod0b"), tree.at("/kubepods/pod0a"));
  scan();
  EXPECT_EQ(watch.watch_count(), before);
  read();
  EXPECT_EQ(watch.watch_count(), before);
  for (const char* renamed : {"/kubepods/pod0a", "/kubepods/pod0c"}) {
    tree.folder(container(1, renamed));
    read();
    EXPECT_THAT(appeared, Contains(container(1, renamed)));
  }
}

TEST_F(TreeWatcherTest, NamesOfAnyBytesAreNoContainers) {
  tree.folder(pod);
  scan();
  const std::string odd[] = {"\xff\xfe", "a\nb", std::string(255, 'a'),
                             " ",        "..a",  container(1, "").substr(1) + "\x80",
                             "pod\x01"};
  for (const std::string& name : odd) {
    tree.folder(pod + "/" + name);
    tree.folder("/kubepods/" + name);
  }
  read();
  EXPECT_THAT(scan(), UnorderedElementsAre("/kubepods", pod));
  EXPECT_THAT(order, IsEmpty());
  EXPECT_THAT(unfamiliar, Contains(pod + "/a\nb")) << "in a pod everything is said";
}

/// No descriptor is left for the process while it lives: every open fails with EMFILE.
class NoDescriptors {
 public:
  explicit NoDescriptors(rlim_t most = 0) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{most, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

rlim_t next_descriptor() {
  const int next = dup(0);
  close(next);
  return static_cast<rlim_t>(next);
}

struct OneDescriptor : NoDescriptors {
  OneDescriptor() : NoDescriptors(next_descriptor() + 1) {}
};

TEST_F(TreeWatcherTest, UnreadableScanWarnsAndForgetsNothing) {
  tree.folder(container(1));
  scan();
  EXPECT_TRUE(watch.scan_was_whole());
  const std::size_t watches = watch.watch_count();
  // UBSan looks a class up through a pipe when it meets it first, which must be before none can be
  // opened.
  const std::error_code met(EMFILE, std::generic_category());
  ASSERT_FALSE(met.message().empty());
  ASSERT_FALSE(met == std::errc::no_such_device);
  std::vector<std::string> seen{"not scanned"};
  {
    const NoDescriptors none;
    seen = scan();
  }
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_FALSE(watch.scan_was_whole());
  EXPECT_EQ(watch.watch_count(), watches);
  EXPECT_THAT(watch.problem(),
              StartsWith("cannot read the cgroup directory /: Too many open files"));
  EXPECT_FALSE(scan().empty());
  EXPECT_TRUE(watch.scan_was_whole());
  EXPECT_EQ(watch.problem(), "");
}

// The events are read by nobody: the same as when the kernel drops them.
TEST_F(TreeWatcherTest, BelievesThatEverythingIsGoneAtTheSecondScan) {
  tree.folder(container(1));
  scan();
  const std::size_t watches = watch.watch_count();
  tree.remove("/kubepods");
  EXPECT_THAT(scan(), IsEmpty());
  EXPECT_FALSE(watch.scan_was_whole());
  EXPECT_EQ(watch.watch_count(), watches);
  EXPECT_THAT(watch.problem(), HasSubstr("all pods are gone from the cgroup hierarchy at once"));
  EXPECT_THAT(scan(), IsEmpty());
  EXPECT_TRUE(watch.scan_was_whole());
  EXPECT_EQ(watch.problem(), "");
}

TEST_F(TreeWatcherTest, BelievesTheEventsThatEverythingIsGone) {
  tree.folder(pod);
  scan();
  tree.remove("/kubepods");
  read();
  EXPECT_THAT(scan(), IsEmpty());
  EXPECT_TRUE(watch.scan_was_whole());
}

// From now on the kernel has no memory for a watch. Holds for the process until its end.
void refuse_watches() {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_inotify_add_watch, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{.len = std::size(code), .filter = code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(77);
}

// In a process of its own. As without watches: it is said, and scan() finds everything.
TEST_F(TreeWatcherTest, SaysThatThereIsNoMemoryForWatches) {
  tree.folder(container(1));
  const auto say = [this] {
    refuse_watches();
    const std::size_t found = scan().size();
    fprintf(stderr, "%zu found; %s", found, watch.problem().c_str());
    _exit(0);
  };
  EXPECT_EXIT(say(), testing::ExitedWithCode(0),
              "3 found; the kernel has no memory for an inotify watch; until then new containers "
              "are found by a scan every second");
}

// Without an instance of its own a watcher is made, finds everything by scan(), and watches as soon
// as the kernel gives it one.
TEST(TreeWatcherWithoutInotify, ScansAndWatchesLater) {
  const TempTree tree;
  tree.folder(container(1));
  std::vector<std::string> appeared;
  std::optional<TreeWatcher> watch;
  {
    const OneDescriptor epoll_only;
    watch.emplace(
        tree.root(), WatchOptions{},
        TreeWatcher::Handlers{
            .appeared = [&appeared](const ContainerPath& path) { appeared.push_back(path.cgroup); },
            .vanished = [](const ContainerPath&) {},
            .lost = [] {},
            .warn = [](const std::string&) {}});
  }
  EXPECT_THAT(watch->problem(), HasSubstr("sysctl fs.inotify.max_user_instances"));
  watch->read_events();
  EXPECT_THAT(watch->scan(), SizeIs(3));
  EXPECT_EQ(watch->problem(), "");
  tree.folder(container(2));
  watch->read_events();
  EXPECT_THAT(appeared, ElementsAre(container(2)));
}

}  // namespace
}  // namespace iopslimit::tree_watcher_test
