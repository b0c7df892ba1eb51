// SPDX-License-Identifier: Apache-2.0
#include "cgroup/path.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/parsed_path.hpp"

namespace iopslimit::path_test {
namespace {

const std::string id(64, 'a');
const std::string uid = "0f1e2d3c-0000-4000-8000-00000000beef";
const std::string uid_in_slice = "0f1e2d3c_0000_4000_8000_00000000beef";
const std::string static_uid = "0123456789abcdef0123456789abcdef";

std::string scope(const std::string& name) {
  return name + "-" + id + ".scope";
}

const std::string build_step = "jvifp9a6b1lxa1kuw8bwfcovf";

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
      // A kubelet in a container, whose root is the outer kubepods.
      {"/kubepods/kubepods/burstable/pod" + uid + "/" + id, uid, QosClass::burstable,
       RuntimeHint::unknown},
      {"/kubepods/kubepods/pod" + uid + "/" + id, uid, QosClass::guaranteed, RuntimeHint::unknown},
      {"/kubepods.slice/kubepods-kubepods.slice/kubepods-kubepods-besteffort.slice/"
       "kubepods-kubepods-besteffort-pod" +
           uid_in_slice + ".slice/" + scope("cri-containerd"),
       uid, QosClass::besteffort, RuntimeHint::containerd},
      {"/kubepods.slice/kubepods-kubepods.slice/kubepods-kubepods-pod" + uid_in_slice + ".slice/" +
           scope("crio"),
       uid, QosClass::guaranteed, RuntimeHint::crio},
      {"/kubepods.slice/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" +
           uid_in_slice + ".slice/" + scope("cri-containerd"),
       uid, QosClass::burstable, RuntimeHint::containerd},
      {"/kubepods.slice/kubepods.slice/kubepods-pod" + uid_in_slice + ".slice/" +
           scope("cri-containerd"),
       uid, QosClass::guaranteed, RuntimeHint::containerd},
      {"/kubepods.slice/kubelet/kubepods/besteffort/pod" + uid + "/" + id, uid,
       QosClass::besteffort, RuntimeHint::unknown},
      {"/kubepods/kubepods.slice/kubepods-burstable.slice/pod" + uid + "/" + scope("crio"), uid,
       QosClass::burstable, RuntimeHint::crio},
      {"/kubepods/tenant-a/burstable/pod" + uid + "/" + id, uid, QosClass::burstable,
       RuntimeHint::unknown},
      // Both drivers' names in one tree.
      {"/kubepods.slice/kubepods-burstable.slice/pod" + uid + "/" + id, uid, QosClass::burstable,
       RuntimeHint::unknown},
      {"/kubepods/burstable/kubepods-burstable-pod" + uid_in_slice + ".slice/" +
           scope("cri-containerd"),
       uid, QosClass::burstable, RuntimeHint::containerd},
      {burstable + uid_in_slice + ".slice/" + id, uid, QosClass::burstable, RuntimeHint::unknown},
      {"/kubepods/pod" + uid + "/" + scope("cri-containerd"), uid, QosClass::guaranteed,
       RuntimeHint::containerd},
      // Kata, and names that no runtime is known for.
      {"/kubepods/besteffort/pod" + uid + "/kata_" + id, uid, QosClass::besteffort,
       RuntimeHint::unknown},
      {"/kubepods/pod" + uid + "/new.runtime:" + id, uid, QosClass::guaranteed,
       RuntimeHint::unknown},
      {burstable + uid_in_slice + ".slice/kata_overhead_" + id, uid, QosClass::burstable,
       RuntimeHint::unknown},
      {"/kubepods/pod" + uid + "/kubepods-pod" + uid_in_slice + ".slice:cri-containerd:" + id, uid,
       QosClass::guaranteed, RuntimeHint::containerd},
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
    EXPECT_FALSE(container->outside_pod) << row.path;
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

// The kubelet uses systemd and runc does not, CRI-O has no parent for its scopes, Kata keeps its
// virtual machines apart: nobody's directory is that of a pod.
TEST(Container, ContainersOfTheKubeletOutsideOfPodDirectories) {
  const std::string literal = "kubepods-burstable-pod" + uid_in_slice + ".slice:cri-containerd:";
  const PathRow rows[] = {
      {"/system.slice/" + literal + id, uid, QosClass::burstable, RuntimeHint::containerd},
      {"/system.slice/containerd.service/" + literal + id, uid, QosClass::burstable,
       RuntimeHint::containerd},
      {"/system.slice/k3s.service/kubelet-kubepods-besteffort-pod" + uid_in_slice +
           ".slice:cri-containerd:" + id,
       uid, QosClass::besteffort, RuntimeHint::containerd},
      {"/runtime.slice/rke2-server.service/kubepods-pod" + uid_in_slice +
           ".slice:cri-containerd:" + id,
       uid, QosClass::guaranteed, RuntimeHint::containerd},
      {"/" + literal + id, uid, QosClass::burstable, RuntimeHint::containerd},
      {"/system.slice/kubepods-pod" + static_uid + ".slice:crio:" + id, static_uid,
       QosClass::guaranteed, RuntimeHint::crio},
      {"/system.slice/kubepods-pod" + uid_in_slice + ".slice:docker:" + id, uid,
       QosClass::guaranteed, RuntimeHint::docker},
      {"/system.slice/kubepods-pod" + uid_in_slice + ".slice:other:" + id, uid,
       QosClass::guaranteed, RuntimeHint::unknown},
      {"/kata_overhead/" + id, "", QosClass::none, RuntimeHint::unknown},
      {"/system.slice/kata_overhead:" + id, "", QosClass::none, RuntimeHint::unknown},
      {"/kata_" + id, "", QosClass::none, RuntimeHint::unknown},
      {"/k8s.io/" + id, "", QosClass::none, RuntimeHint::containerd},
      {"/system.slice/" + scope("crio"), "", QosClass::none, RuntimeHint::crio},
      {"/system.slice/" + scope("cri-containerd"), "", QosClass::none, RuntimeHint::containerd},
      {"/crio-" + id, "", QosClass::none, RuntimeHint::crio},
      {"/system.slice/system.slice:cri-containerd:" + id, "", QosClass::none,
       RuntimeHint::containerd},
      {"/kubepods/" + id, "", QosClass::none, RuntimeHint::unknown},
      {"/kubepods.slice/kubepods-besteffort.slice/" + scope("crio"), "", QosClass::besteffort,
       RuntimeHint::crio},
  };
  for (const PathRow& row : rows) {
    const auto container = parse_container_path(row.path);
    ASSERT_TRUE(container) << row.path;
    EXPECT_EQ(container->id, id) << row.path;
    EXPECT_EQ(container->pod_uid, row.pod_uid) << row.path;
    EXPECT_EQ(container->qos, row.qos) << row.path;
    EXPECT_EQ(container->runtime, row.runtime) << row.path;
    EXPECT_EQ(pod_cgroup_of(*container), "") << row.path;
    EXPECT_EQ(parse_container_path(row.path, both), container) << row.path;
    EXPECT_EQ(kind_of(row.path + "/" + id), CgroupKind::elsewhere) << row.path;
    EXPECT_EQ(kind_of(row.path + "/kubepods"), CgroupKind::elsewhere) << row.path;
  }
}

TEST(Container, UnfamiliarDirectoriesAreToldApart) {
  const std::string pod = "/kubepods/burstable/pod" + uid;
  const std::string slice = "/kubepods.slice/kubepods-pod" + uid_in_slice + ".slice";
  const std::string rows[] = {
      "/system.slice/docker-" + id + ".scope",  // a plain container, or kind's node
      "/docker/" + id,
      "/machine.slice/libpod-" + id + ".scope",
      "/libpod_parent/libpod-" + id,
      "/libpod_parent/" + id + "/libpod-" + id,
      "/system.slice/web.service/libpod-payload-" + id,
      "/system.slice/nerdctl-" + id + ".scope",
      "/default/" + id,
      "/" + id,
      "/mine.slice:other:" + id,
      "/system.slice/system.slice:docker:" + build_step,  // docker build, with systemd
      "/system.slice/docker.service/batch.slice:docker:" + build_step,
      "/docker/buildkit/" + build_step,
      "/buildkit/" + build_step,
      pod + "/exec",
      pod + "/" + id.substr(1),  // 63 digits
      pod + "/" + id + "a",      // 65
      pod + "/" + std::string(64, 'A'),
      pod + "/" + std::string(64, 'g'),
      slice + "/container",
      slice + "/init.scope",
  };
  for (const std::string& row : rows) {
    EXPECT_EQ(kind_of(row), CgroupKind::unfamiliar) << row;
    EXPECT_FALSE(parse_container_path(row)) << row;
    EXPECT_EQ(kind_of(row + "/kubepods"), CgroupKind::elsewhere) << row;
    EXPECT_EQ(kind_of(row + "/" + id), CgroupKind::elsewhere) << row;
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
      {"/kubepods/burstable", CgroupKind::level},
      {"/kubepods.slice/kubepods-besteffort.slice", CgroupKind::level},
      {"/kubepods.slice/burstable", CgroupKind::level},  // cgroupfs name below a systemd slice
      {"/kubepods/kubepods-burstable.slice", CgroupKind::level},
      {"/system.slice", CgroupKind::prefix},
      {"/system.slice/containerd.service", CgroupKind::prefix},
      {"/system.slice/system-kubepods.slice", CgroupKind::kubepods},
      {"/k8s.io", CgroupKind::prefix},
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
      "/user.slice",
      "/init.scope",
      "/dev-hugepages.mount",
      "/system.slice/session-1.scope",
      "/system.slice/docker-" + id + ".service",
      "/system.slice/docker-" + id + ".scope/kubelet.slice/kubelet-kubepods.slice",  // kind's node
      "/docker/" + id + "/kubepods",  // what a plain container made itself
      "/docker/" + id + "/kubelet/kubepods/pod" + uid + "/" + id,
      "/libpod_parent/libpod-" + id + "/kubelet/kubepods/pod" + uid + "/" + id,
      "/machine.slice/kubepods",
      "/kubepods/",  // no directory is spelled so
      "/kubepods//pod" + uid,
      "//",
      container + "/",
      "/a/b/c/d/e/kubepods",  // deeper than any --cgroup-root
      "/kubepods/a/b/c/d/pod" + uid,
      "/kubepods/init.scope",
      slice + "/crio-" + id,  // CRI-O's dropped infra container
      slice + "/crio-conmon-" + id + ".scope",
      slice + "/crio-conmon-" + id + ".scope/container",
      slice + "/crio-" + id + "/container",
      pod + "/crio-conmon-" + id,
      "/system.slice/" + scope("crio-conmon"),
      container + "/" + id,  // the container's own children
      container + "/kubepods/pod" + uid + "/" + id,
      container + "/init.scope",
      container + "/container",  // crun with the cgroupfs driver has no leaf
      pod + "/crio-" + id + "/container",
      slice + "/" + scope("crio") + "/init.scope",
      slice + "/" + scope("crio") + "/exec",
      slice + "/" + scope("crio") + "/container2",
      slice + "/" + scope("crio") + "/container/container",
      slice + "/" + scope("crio") + "/container/exec",
      slice + "/" + scope("crio") + "/container/",
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
      {"/system.slice/web.service/libpod-payload-" + id, podman, RuntimeHint::podman},  // a quadlet
      {"/web.slice/web-db.service/libpod-payload-" + id, podman, RuntimeHint::podman},
      {"/batch.slice/" + scope("docker"), docker, RuntimeHint::docker},  // --cgroup-parent
      {"/system.slice/batch.slice:docker:" + id, docker, RuntimeHint::docker},
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
                             .leaf = row.path.ends_with(".scope") ? ProcessLeaf::possible
                                                                  : ProcessLeaf::none}));
    EXPECT_EQ(pod_cgroup_of(*container), "") << row.path;
    EXPECT_EQ(parse_container_path(row.path, both), container) << row.path;
    EXPECT_EQ(kind_of(row.path, row.requested), CgroupKind::container) << row.path;
    const Standalone other = row.requested == docker ? podman : docker;
    for (const Standalone requested : {nothing_asked, other}) {
      EXPECT_EQ(kind_of(row.path, requested), CgroupKind::unfamiliar) << row.path;
      EXPECT_FALSE(parse_container_path(row.path, requested)) << row.path;
    }
    for (const char* below : {"/kubepods", "/kubelet.slice", "/init.scope", "/docker"}) {
      EXPECT_EQ(kind_of(row.path + below, both), CgroupKind::elsewhere) << row.path << below;
    }
    const std::string nested = row.path + "/kubelet/kubepods/pod" + uid + "/" + id;
    EXPECT_FALSE(parse_container_path(nested, both)) << nested;
  }
}

TEST(Container, PlacesThatStandaloneContainersAppearIn) {
  using enum CgroupKind;
  const std::pair<std::string, CgroupKind> rows[] = {
      {"/system.slice", prefix},
      {"/docker", prefix},
      {"/machine.slice", outside},
      {"/libpod_parent", prefix},
      {"/machine.slice/machine-libpod_pod_" + id + ".slice", outside},
      {"/user-libpod_pod_" + id + ".slice", outside},  // --cgroup-parent
      {"/libpod_parent/" + id, outside},
      // What the kubelet may have there stays the kubelet's.
      {"/docker/kubepods", kubepods},
      {"/docker/a", prefix},
      {"/docker/buildkit", prefix},
      {"/docker/buildkit/" + build_step + "a", prefix},  // not an ID of BuildKit's
      {"/docker/" + build_step, prefix},
      {"/system.slice/system.slice:docker:" + build_step.substr(1), elsewhere},
      {"/docker/a/kubepods", kubepods},
      {"/libpod_parent/kubepods/pod" + uid, pod},
      {"/docker/a/b/c/kubepods", kubepods},
      {"/docker/a/b/c/d/kubepods", elsewhere},
  };
  for (const auto& [path, kind] : rows) {
    for (const Standalone requested : {nothing_asked, docker, podman, both})
      EXPECT_EQ(kind_of(path, requested), kind) << path;
    EXPECT_FALSE(parse_container_path(path, both)) << path;
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
      "/system.slice/" + id + ".scope",
      "/system.slice/system-getty.slice",
      "/system.slice/" + id,
      "/system.slice/" + id + ".slice",
      "/a/docker/" + id,
      "/docker/docker/" + id,
      "/machine.slice/" + scope("libpod-conmon"),
      "/machine.slice/machine-qemu.scope",
      "/machine.slice/systemd-nspawn@a.service",
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
      "/docker/buildkit/" + build_step,  // of docker, but no container of its
      "/system.slice/system.slice:docker:" + build_step,
  };
  for (const std::string& row : rows) {
    EXPECT_NE(kind_of(row, both), CgroupKind::container) << row;
    EXPECT_NE(kind_of(row, both), CgroupKind::kubepods) << row;
  }
}

TEST(Container, AProcessLeafIsItsContainer) {
  const std::string slice =
      "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_in_slice + ".slice";
  const std::string scopes[] = {
      slice + "/" + scope("crio"),
      "/machine.slice/" + scope("libpod"),
      "/machine.slice/machine-libpod_pod_" + id + ".slice/" + scope("libpod"),
      slice + "/" + scope("cri-containerd"),  // crun below any runtime
      slice + "/" + scope("docker"),
      slice + "/" + scope("new-runtime"),
      "/system.slice/" + scope("crio"),
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
  EXPECT_FALSE(may_have_leaf(scopes[1])) << "not included";
  EXPECT_FALSE(may_have_leaf("/libpod_parent/libpod-" + id, podman));
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
}  // namespace iopslimit::path_test
