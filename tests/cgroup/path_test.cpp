// SPDX-License-Identifier: Apache-2.0
#include "cgroup/path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit {
namespace {

const std::string id(64, 'a');
const std::string uid = "0f1e2d3c-0000-4000-8000-00000000beef";
const std::string uid_in_slice = "0f1e2d3c_0000_4000_8000_00000000beef";
const std::string static_uid = "0123456789abcdef0123456789abcdef";

std::string scope(const std::string& name) {
  return name + "-" + id + ".scope";
}

constexpr Standalone docker{.docker = true};
constexpr Standalone podman{.podman = true};
constexpr Standalone both{.docker = true, .podman = true};
constexpr Standalone nothing_asked{};

struct PathRow {
  std::string path;
  std::string pod_uid;
  QosClass qos;
  RuntimeHint runtime;
};

bool may_have_leaf(const std::string& cgroup, Standalone standalone = {}) {
  return parse_cgroup(cgroup, standalone).leaf == ProcessLeaf::possible;
}

TEST(Container, EveryKubeletLayout) {
  const std::string burstable = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod";
  const PathRow rows[] = {
      {burstable + uid_in_slice + ".slice/" + scope("cri-containerd"), uid, QosClass::burstable,
       RuntimeHint::containerd},
      {burstable + uid_in_slice + ".slice/" + scope("crio"), uid, QosClass::burstable,
       RuntimeHint::crio},
      {burstable + uid_in_slice + ".slice/" + scope("docker"), uid, QosClass::burstable,
       RuntimeHint::docker},
      {burstable + uid_in_slice + ".slice/" + scope("new-runtime"), uid, QosClass::burstable,
       RuntimeHint::unknown},
      {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + static_uid +
           ".slice/" + scope("cri-containerd"),
       static_uid, QosClass::besteffort, RuntimeHint::containerd},
      {"/kubepods.slice/kubepods-pod" + uid_in_slice + ".slice/" + scope("cri-containerd"), uid,
       QosClass::guaranteed, RuntimeHint::containerd},
      {"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
       "kubelet-kubepods-burstable-pod" +
           uid_in_slice + ".slice/" + scope("cri-containerd"),
       uid, QosClass::burstable, RuntimeHint::containerd},
      {"/a.slice/a-b.slice/a-b-kubepods.slice/a-b-kubepods-pod" + uid_in_slice + ".slice/" +
           scope("crio"),
       uid, QosClass::guaranteed, RuntimeHint::crio},
      {"/kubepods/burstable/pod" + uid + "/" + id, uid, QosClass::burstable, RuntimeHint::unknown},
      {"/kubepods/besteffort/pod" + static_uid + "/" + id, static_uid, QosClass::besteffort,
       RuntimeHint::unknown},
      {"/kubepods/pod" + uid + "/" + id, uid, QosClass::guaranteed, RuntimeHint::unknown},
      {"/kubepods/pod" + uid + "/crio-" + id, uid, QosClass::guaranteed, RuntimeHint::crio},
      {"/kubelet/kubepods/burstable/pod" + uid + "/" + id, uid, QosClass::burstable,
       RuntimeHint::unknown},
  };
  for (const PathRow& row : rows) {
    const auto container = parse_container_path(row.path);
    ASSERT_TRUE(container) << row.path;
    EXPECT_EQ(container->cgroup, row.path);
    EXPECT_EQ(container->id, id) << row.path;
    EXPECT_EQ(container->pod_uid, row.pod_uid) << row.path;
    EXPECT_EQ(container->qos, row.qos) << row.path;
    EXPECT_EQ(container->runtime, row.runtime) << row.path;
    EXPECT_EQ(kind_of(row.path), CgroupKind::container) << row.path;
    EXPECT_EQ(parse_container_path(row.path, both), container) << row.path;
    EXPECT_EQ(pod_cgroup_of(*container), row.path.substr(0, row.path.rfind('/')));
    const auto its_pod = parse_pod_path(pod_cgroup_of(*container));
    ASSERT_TRUE(its_pod) << row.path;
    EXPECT_EQ(*its_pod, (ContainerPath{.cgroup = row.path.substr(0, row.path.rfind('/')),
                                       .pod_uid = row.pod_uid,
                                       .qos = row.qos,
                                       .kind = CgroupKind::pod}));
    EXPECT_EQ(pod_of(*container).pod_uid, its_pod->pod_uid);
    EXPECT_EQ(pod_cgroup_of(*its_pod), its_pod->cgroup);
    EXPECT_FALSE(parse_pod_path(row.path)) << row.path;
  }
}

TEST(Container, PlacesOnTheWayDown) {
  const std::pair<std::string, CgroupKind> rows[] = {
      {"/", CgroupKind::prefix},
      {"/kubelet", CgroupKind::prefix},
      {"/kubelet.slice", CgroupKind::prefix},
      {"/kubelet.slice/kubepods.slice",
       CgroupKind::prefix},  // a slice, but not the one systemd would name so
      {"/other-kubepods.slice", CgroupKind::prefix},
      {"/kubepods", CgroupKind::kubepods},
      {"/kubepods.slice", CgroupKind::kubepods},
      {"/kubelet/kubepods", CgroupKind::kubepods},
      {"/kubelet.slice/kubelet-kubepods.slice", CgroupKind::kubepods},
      {"/kubepods/burstable", CgroupKind::qos},
      {"/kubepods.slice/kubepods-besteffort.slice", CgroupKind::qos},
      {"/kubepods/pod" + uid, CgroupKind::pod},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_in_slice + ".slice",
       CgroupKind::pod},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(kind_of(row.first), row.second) << row.first;
    EXPECT_EQ(kind_of(row.first, both), row.second) << row.first;
    EXPECT_FALSE(parse_container_path(row.first)) << row.first;
    EXPECT_EQ(parse_pod_path(row.first).has_value(), row.second == CgroupKind::pod) << row.first;
  }
}

TEST(Container, RefusesForeignPaths) {
  const std::string pod = "/kubepods/burstable/pod" + uid;
  const std::string slice = "/kubepods.slice/kubepods-pod" + uid_in_slice + ".slice";
  const std::string container = pod + "/" + id;
  const std::string rows[] = {
      "",
      "kubepods",
      "/system.slice",
      "/system.slice/kubepods.slice",
      "/user.slice",
      "/init.scope",
      "/system.slice/docker-" + id + ".scope",
      "/system.slice/docker-" + id + ".scope/kubelet.slice/kubelet-kubepods.slice",  // kind's node
      "/docker/" + id,                // a plain container
      "/docker/" + id + "/kubepods",  // what it made itself
      "/docker/" + id + "/kubelet/kubepods/pod" + uid + "/" + id,
      "/machine.slice",
      "/machine.slice/libpod-" + id + ".scope",
      "/libpod_parent/libpod-" + id,
      "/libpod_parent/libpod-" + id + "/kubelet/kubepods/pod" + uid + "/" + id,
      "/libpod_parent/" + id,
      "/kubepods/",  // no directory is spelled so
      "/kubepods//pod" + uid,
      "//",
      container + "/",
      "/a/b/c/d/e/kubepods",        // deeper than any --cgroup-root
      "/kubepods.slice/burstable",  // cgroupfs name below a systemd slice
      "/kubepods/kubepods-burstable.slice",
      "/kubepods/pod",  // no uid
      "/kubepods/podx y",
      slice + "/" + id,       // no scope below a slice
      slice + "/crio-" + id,  // CRI-O's dropped infra container
      slice + "/crio-conmon-" + id + ".scope",
      slice + "/crio-conmon-" + id + ".scope/container",
      slice + "/crio-" + id + "/container",
      pod + "/crio-conmon-" + id,
      pod + "/" + id.substr(1),  // 63 digits
      pod + "/" + id + "a",      // 65
      pod + "/" + std::string(64, 'A'),
      pod + "/" + std::string(64, 'g'),
      pod + "/cri-containerd-" + id + ".scope",  // systemd's name with the cgroupfs driver
      container + "/" + id,                      // the container's own children
      container + "/kubepods/pod" + uid + "/" + id,
      container + "/init.scope",
      container + "/container",  // crun with the cgroupfs driver has no leaf
      pod + "/crio-" + id + "/container",
      slice + "/" + scope("cri-containerd") + "/container",
      slice + "/" + scope("docker") + "/container",
      slice + "/" + scope("crio") + "/init.scope",
      slice + "/" + scope("crio") + "/exec",
      slice + "/" + scope("crio") + "/container2",
      slice + "/" + scope("crio") + "/container/container",
      slice + "/" + scope("crio") + "/container/exec",
      slice + "/" + scope("crio") + "/container/",
      slice + "/container",
      pod + "/" + id + "/../" + id,
  };
  for (const std::string& row : rows) {
    EXPECT_EQ(kind_of(row), CgroupKind::elsewhere) << row;
    EXPECT_FALSE(parse_container_path(row)) << row;
    EXPECT_FALSE(parse_pod_path(row)) << row;
    EXPECT_FALSE(may_have_leaf(row)) << row;
  }
}

struct StandaloneRow {
  std::string path;
  Standalone requested;
  RuntimeHint runtime;
};

TEST(Container, ParsesIncludedStandaloneContainers) {
  const std::string machine_pod = "/machine.slice/machine-libpod_pod_" + id + ".slice";
  const StandaloneRow rows[] = {
      {"/system.slice/" + scope("docker"), docker, RuntimeHint::docker},
      {"/docker/" + id, docker, RuntimeHint::docker},
      {"/machine.slice/" + scope("libpod"), podman, RuntimeHint::podman},
      {machine_pod + "/" + scope("libpod"), podman, RuntimeHint::podman},
      {"/libpod_parent/libpod-" + id, podman, RuntimeHint::podman},
      {"/libpod_parent/" + id + "/libpod-" + id, podman, RuntimeHint::podman},
  };
  for (const StandaloneRow& row : rows) {
    const auto container = parse_container_path(row.path, row.requested);
    ASSERT_TRUE(container) << row.path;
    EXPECT_EQ(*container,
              (ContainerPath{.cgroup = row.path,
                             .id = id,
                             .pod_uid = "",
                             .qos = QosClass::none,
                             .runtime = row.runtime,
                             .leaf = row.path.starts_with("/machine.slice") ? ProcessLeaf::possible
                                                                            : ProcessLeaf::none}));
    EXPECT_EQ(pod_cgroup_of(*container), "") << row.path;
    EXPECT_EQ(parse_container_path(row.path, both), container) << row.path;
    EXPECT_EQ(kind_of(row.path, row.requested), CgroupKind::container) << row.path;
    const Standalone other = row.requested == docker ? podman : docker;
    for (const Standalone requested : {nothing_asked, other}) {
      EXPECT_EQ(kind_of(row.path, requested), CgroupKind::elsewhere) << row.path;
      EXPECT_FALSE(parse_container_path(row.path, requested)) << row.path;
    }
    for (const char* below : {"/kubepods", "/kubelet.slice", "/init.scope", "/docker"}) {
      EXPECT_EQ(kind_of(row.path + below, both), CgroupKind::elsewhere) << row.path << below;
    }
    const std::string nested = row.path + "/kubelet/kubepods/pod" + uid + "/" + id;
    EXPECT_FALSE(parse_container_path(nested, both)) << nested;
  }
}

struct PlaceRow {
  std::string path;
  CgroupKind unasked;
  CgroupKind with_docker;
  CgroupKind with_podman;
};

TEST(Container, PlacesThatStandaloneContainersAppearIn) {
  using enum CgroupKind;
  const PlaceRow rows[] = {
      {"/system.slice", elsewhere, outside, elsewhere},
      {"/docker", prefix, outside, prefix},
      {"/machine.slice", elsewhere, elsewhere, outside},
      {"/libpod_parent", prefix, prefix, outside},
      {"/machine.slice/machine-libpod_pod_" + id + ".slice", elsewhere, elsewhere, outside},
      {"/libpod_parent/" + id, elsewhere, elsewhere, outside},
      // What the kubelet may have there stays the kubelet's.
      {"/docker/kubepods", kubepods, kubepods, kubepods},
      {"/docker/a", prefix, prefix, prefix},
      {"/docker/a/kubepods", kubepods, kubepods, kubepods},
      {"/libpod_parent/kubepods/pod" + uid, pod, pod, pod},
      {"/docker/a/b/c/kubepods", kubepods, kubepods, kubepods},
      {"/docker/a/b/c/d/kubepods", elsewhere, elsewhere, elsewhere},
  };
  for (const PlaceRow& row : rows) {
    EXPECT_EQ(kind_of(row.path), row.unasked) << row.path;
    EXPECT_EQ(kind_of(row.path, docker), row.with_docker) << row.path;
    EXPECT_EQ(kind_of(row.path, podman), row.with_podman) << row.path;
    EXPECT_FALSE(parse_container_path(row.path, both)) << row.path;
  }
}

TEST(Container, OtherNamesBesideStandaloneContainers) {
  const std::string rows[] = {
      "/system.slice/docker.service",
      "/system.slice/docker-" + id + ".service",
      "/system.slice/docker-" + id.substr(1) + ".scope",
      "/system.slice/docker-" + id + "a.scope",
      "/system.slice/docker-" + std::string(64, 'A') + ".scope",
      "/system.slice/docker-x-" + id + ".scope",
      "/system.slice/docker-" + id,
      "/system.slice/" + id + ".scope",
      "/system.slice/" + scope("crio"),
      "/system.slice/" + scope("libpod"),  // podman's are in machine.slice
      "/system.slice/" + scope("crio-conmon"),
      "/system.slice/system-getty.slice",
      "/system.slice/kubepods.slice",
      "/system.slice/system-kubepods.slice",
      "/system.slice/a.service/" + scope("docker"),
      "/system.slice/" + id,
      "/system.slice/" + id + ".slice",
      "/a.slice/system.slice/" + scope("docker"),  // not at the root
      "/a/docker/" + id,
      "/docker/docker/" + id,
      "/docker/" + scope("docker"),
      "/docker/docker-" + id,
      "/machine.slice/" + scope("libpod-conmon"),
      "/machine.slice/" + scope("docker"),
      "/machine.slice/machine-qemu.scope",
      "/machine.slice/machine-libpod_pod_" + id.substr(1) + ".slice",
      "/machine.slice/machine-libpod_pod_" + id,
      "/machine.slice/machine-libpod_pod_" + id + ".slice/" + scope("libpod-conmon"),
      "/machine.slice/machine-libpod_pod_" + id + ".slice/machine-libpod_pod_" + id + ".slice",
      "/machine.slice/machine-libpod_pod_" + id + ".slice/kubepods",
      "/libpod_parent/libpod-conmon-" + id,
      "/libpod_parent/" + id + "/conmon",
      "/libpod_parent/" + id + "/" + id,
      "/libpod_parent/" + id + "/kubepods",
      "/docker/" + id + "/",
      "/system.slice/",
  };
  for (const std::string& row : rows) {
    EXPECT_EQ(kind_of(row, both), CgroupKind::elsewhere) << row;
    EXPECT_FALSE(parse_container_path(row, both)) << row;
  }
  EXPECT_FALSE(parse_container_path("/libpod_parent/conmon", both));
}

TEST(Container, AProcessLeafIsItsContainer) {
  const std::string slice =
      "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_in_slice + ".slice";
  const std::string scopes[] = {
      slice + "/" + scope("crio"),
      "/machine.slice/" + scope("libpod"),
      "/machine.slice/machine-libpod_pod_" + id + ".slice/" + scope("libpod"),
  };
  for (const std::string& whole : scopes) {
    ASSERT_TRUE(may_have_leaf(whole, podman)) << whole;
    auto expected = parse_container_path(whole, podman);
    const std::string_view pod_cgroup = pod_cgroup_of(*expected);
    const std::string leaf = whole + "/container";
    const auto container = parse_container_path(leaf, podman);
    ASSERT_TRUE(container) << leaf;
    EXPECT_EQ(pod_cgroup_of(*container), pod_cgroup) << leaf;
    expected->cgroup = leaf;
    expected->leaf = ProcessLeaf::itself;
    EXPECT_EQ(container, expected) << leaf;
    EXPECT_EQ(kind_of(leaf, podman), CgroupKind::container) << leaf;
    EXPECT_FALSE(may_have_leaf(leaf, podman)) << leaf;
    EXPECT_EQ(kind_of(leaf + "/container", podman), CgroupKind::elsewhere) << leaf;
  }
  EXPECT_FALSE(may_have_leaf(scopes[1]));
  EXPECT_FALSE(may_have_leaf(slice + "/" + scope("cri-containerd")));
  EXPECT_FALSE(may_have_leaf("/libpod_parent/libpod-" + id, podman));
  EXPECT_FALSE(may_have_leaf("/system.slice/" + scope("docker"), docker));
  EXPECT_FALSE(may_have_leaf(slice));
}

TEST(Container, APodsDirectoryOfAnOddPathIsNoCrash) {
  const std::string rows[] = {"", "/", "container", "/container", "a", "//container"};
  for (const std::string& row : rows) {
    const ContainerPath odd{.cgroup = row, .id = id, .pod_uid = uid};
    EXPECT_TRUE(row.starts_with(pod_cgroup_of(odd))) << row;
  }
}

TEST(Container, QosClassesAreSpelledAsKubernetesDoes) {
  EXPECT_EQ(to_string(QosClass::guaranteed), "guaranteed");
  EXPECT_EQ(to_string(QosClass::burstable), "burstable");
  EXPECT_EQ(to_string(QosClass::besteffort), "besteffort");
  EXPECT_EQ(to_string(QosClass::none), "");
}

}  // namespace
}  // namespace iopslimit
