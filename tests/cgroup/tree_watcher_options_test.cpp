// SPDX-License-Identifier: Apache-2.0
// What is watched beside the kubelet's tree: standalone containers and process leaves, with real
// inotify on a temporary tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/watched_tree.hpp"

namespace iopslimit::tree_watcher_options_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

const std::string id(64, 'a');
const std::string slice = "/kubepods.slice/kubepods-pod0a.slice";

std::string scope(const std::string& in, const std::string& runtime) {
  return in + "/" + runtime + "-" + id + ".scope";
}

const std::string crio = scope(slice, "crio");
const std::string docker = scope("/system.slice", "docker");
const std::string docker_cgroupfs = "/docker/" + id;
const std::string machine_pod = "/machine.slice/machine-libpod_pod_" + id + ".slice";
const std::string podman = scope("/machine.slice", "libpod");
const std::string podman_in_pod = scope(machine_pod, "libpod");
const std::string podman_cgroupfs = "/libpod_parent/libpod-" + id;

// What a node with everything on it has, containers and what is beside them.
void fill(const TempTree& tree) {
  for (const std::string& container :
       {crio, docker, docker_cgroupfs, podman, podman_in_pod, podman_cgroupfs})
    tree.folder(container + "/container/nested");
  for (const char* other : {"/system.slice/docker.service", "/system.slice/system-getty.slice/a",
                            "/user.slice/user-0.slice", "/libpod_parent/conmon"})
    tree.folder(other);
  tree.folder(scope("/system.slice", "crio-conmon"));
  tree.folder(scope("/machine.slice", "libpod-conmon"));
  tree.folder(scope(machine_pod, "libpod-conmon"));
}

struct NoStandalone : WatchedTree {};
struct DockerIncluded : WatchedTree {
  DockerIncluded() : WatchedTree({.standalone = {.docker = true}}) {}
};
struct PodmanIncluded : WatchedTree {
  PodmanIncluded() : WatchedTree({.standalone = {.podman = true}}) {}
};
struct LeavesIncluded : WatchedTree {
  LeavesIncluded() : WatchedTree({.process_leaves = true}) {}
};
struct AllIncluded : WatchedTree {
  AllIncluded()
      : WatchedTree({.standalone = {.docker = true, .podman = true}, .process_leaves = true}) {}
};

TEST_F(NoStandalone, StandaloneContainersAreNotSeen) {
  fill(tree);
  EXPECT_THAT(scan(), ElementsAre("/kubepods.slice", slice, crio));
  EXPECT_THAT(unfamiliar, UnorderedElementsAre(docker, docker_cgroupfs, podman, podman_in_pod,
                                               podman_cgroupfs));
  // The root, kubepods, the pod, two cgroupfs names, conmon, system.slice with three directories
  // below, machine.slice and the pod in it.
  EXPECT_EQ(watch.watch_count(), 12U);
  const std::string other(64, 'b');
  tree.folder("/system.slice/docker-" + other + ".scope");
  tree.folder("/machine.slice/libpod-" + other + ".scope");
  read();
  EXPECT_THAT(order, IsEmpty());
  EXPECT_THAT(unfamiliar, IsSupersetOf({"/system.slice/docker-" + other + ".scope",
                                        "/machine.slice/libpod-" + other + ".scope"}));
}

TEST_F(DockerIncluded, ItsContainersAreSeenAndNoOthers) {
  fill(tree);
  EXPECT_THAT(scan(),
              UnorderedElementsAre("/kubepods.slice", slice, crio, docker, docker_cgroupfs));
  EXPECT_THAT(unfamiliar, UnorderedElementsAre(podman, podman_in_pod, podman_cgroupfs));
  EXPECT_EQ(watch.watch_count(), 12U);
}

TEST_F(PodmanIncluded, ItsContainersAreSeenAndNoOthers) {
  fill(tree);
  EXPECT_THAT(scan(), UnorderedElementsAre("/kubepods.slice", slice, crio, podman, podman_in_pod,
                                           podman_cgroupfs));
  EXPECT_THAT(unfamiliar, UnorderedElementsAre(docker, docker_cgroupfs));
  EXPECT_EQ(watch.watch_count(), 12U);
}

TEST_F(DockerIncluded, ReportsComingAndGoing) {
  scan();
  for (int i = 0; i < 3; ++i) {
    order.clear();
    vanished.clear();
    tree.folder("/system.slice");
    tree.folder("/docker");
    read();
    EXPECT_EQ(watch.watch_count(), 3U);
    tree.folder("/system.slice/cron.service");
    tree.folder(docker);
    tree.folder(docker_cgroupfs + "/kubelet/kubepods/pod0a/" + id);  // a kind node
    read();
    EXPECT_THAT(order, UnorderedElementsAre(docker, docker_cgroupfs));
    EXPECT_EQ(watch.watch_count(), 4U);
    tree.remove("/system.slice");
    tree.remove("/docker");
    read();
    EXPECT_THAT(vanished,
                UnorderedElementsAre(docker, docker_cgroupfs, "/system.slice/cron.service",
                                     "/system.slice", "/docker"));
    EXPECT_EQ(watch.watch_count(), 1U);
  }
}

TEST_F(PodmanIncluded, ReportsComingAndGoing) {
  scan();
  for (int i = 0; i < 3; ++i) {
    order.clear();
    tree.folder(podman_in_pod);  // the whole branch at once
    read();
    EXPECT_THAT(order, ElementsAre(podman_in_pod));
    tree.folder(podman);
    read();
    EXPECT_THAT(order, ElementsAre(podman_in_pod, podman));
    EXPECT_EQ(watch.watch_count(), 3U);
    tree.remove("/machine.slice");
    read();
    EXPECT_EQ(watch.watch_count(), 1U);
  }
}

TEST_F(LeavesIncluded, AScopeIsListedBeforeItsLeaf) {
  fill(tree);
  EXPECT_THAT(scan(), ElementsAre("/kubepods.slice", slice, crio, crio + "/container"));
}

TEST_F(AllIncluded, PodmansLeavesToo) {
  fill(tree);
  EXPECT_THAT(scan(), UnorderedElementsAre("/kubepods.slice", slice, crio, crio + "/container",
                                           docker, docker + "/container", docker_cgroupfs, podman,
                                           podman + "/container", podman_in_pod,
                                           podman_in_pod + "/container", podman_cgroupfs));
}

TEST_F(LeavesIncluded, ReportsALeafWhenItComes) {
  tree.folder(slice);
  scan();
  tree.folder(crio);
  read();
  tree.folder(crio + "/container");
  tree.folder(crio + "/init.scope");
  read();
  EXPECT_THAT(order, ElementsAre(crio, crio + "/container"));
}

TEST_F(LeavesIncluded, ReportsAnExistingLeafAfterItsScope) {
  tree.folder(slice);
  scan();
  tree.folder(crio + "/container");
  read();
  EXPECT_THAT(order, ElementsAre(crio, crio + "/container"));
}

TEST_F(LeavesIncluded, OnlyScopesThatMayHaveALeafAreWatched) {
  tree.folder(slice);
  tree.folder("/kubepods/pod0b");
  scan();
  const std::size_t before = watch.watch_count();
  tree.folder(slice + "/" + id + "/container");  // not made by systemd
  tree.folder(scope(slice, "crio-conmon") + "/container");
  tree.folder(slice + "/crio-" + id + "/container");
  tree.folder("/kubepods/pod0b/crio-" + id + "/container");
  tree.folder("/kubepods/pod0b/" + id + "/container");
  read();
  EXPECT_THAT(order, UnorderedElementsAre(slice + "/" + id, "/kubepods/pod0b/crio-" + id,
                                          "/kubepods/pod0b/" + id));
  EXPECT_EQ(watch.watch_count(), before);
}

TEST_F(LeavesIncluded, AScopesWatchGoesWithIt) {
  tree.folder(slice);
  scan();
  const std::size_t before = watch.watch_count();
  for (int i = 0; i < 100; ++i) {
    vanished.clear();
    tree.folder(crio + "/container");
    read();
    EXPECT_EQ(watch.watch_count(), before + 1);
    tree.remove(crio);
    read();
    EXPECT_THAT(vanished, ElementsAre(crio + "/container", crio));
    EXPECT_EQ(watch.watch_count(), before);
  }
}

TEST_F(LeavesIncluded, ScanDropsTheWatchOfAScopeWhoseRemovalWasMissed) {
  tree.folder(crio + "/container");
  scan();
  const std::size_t before = watch.watch_count();
  tree.remove(crio);
  EXPECT_THAT(scan(), ElementsAre("/kubepods.slice", slice));
  EXPECT_EQ(watch.watch_count(), before - 1);
}

TEST_F(LeavesIncluded, ReportsALeafThatIsMadeAgain) {
  tree.folder(crio + "/container");
  scan();
  tree.remove(crio + "/container");
  tree.folder(crio + "/container");
  read();
  EXPECT_THAT(vanished, ElementsAre(crio + "/container"));
  EXPECT_THAT(appeared, ElementsAre(crio + "/container"));
}

}  // namespace
}  // namespace iopslimit::tree_watcher_options_test
