// SPDX-License-Identifier: Apache-2.0
#include "core/container.hpp"

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

struct PathRow {
  std::string path;
  std::string pod_uid;
  QosClass qos;
  RuntimeHint runtime;
};

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
    EXPECT_EQ(place_of(row.path), CgroupPlace::container) << row.path;
  }
}

TEST(Container, PlacesOnTheWayDown) {
  const std::pair<std::string, CgroupPlace> rows[] = {
      {"/", CgroupPlace::prefix},
      {"/kubelet", CgroupPlace::prefix},
      {"/kubelet.slice", CgroupPlace::prefix},
      {"/kubelet.slice/kubepods.slice",
       CgroupPlace::prefix},  // a slice, but not the one systemd would name so
      {"/other-kubepods.slice", CgroupPlace::prefix},
      {"/kubepods", CgroupPlace::kubepods},
      {"/kubepods.slice", CgroupPlace::kubepods},
      {"/kubelet/kubepods", CgroupPlace::kubepods},
      {"/kubelet.slice/kubelet-kubepods.slice", CgroupPlace::kubepods},
      {"/kubepods/burstable", CgroupPlace::qos},
      {"/kubepods.slice/kubepods-besteffort.slice", CgroupPlace::qos},
      {"/kubepods/pod" + uid, CgroupPlace::pod},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_in_slice + ".slice",
       CgroupPlace::pod},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(place_of(row.first), row.second) << row.first;
    EXPECT_FALSE(parse_container_path(row.first)) << row.first;
  }
}

TEST(Container, WhatIsNotOurs) {
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
      "/docker/" + id,                // a plain container
      "/docker/" + id + "/kubepods",  // what it made itself
      "/a/b/c/d/e/kubepods",          // deeper than any --cgroup-root
      "/kubepods.slice/burstable",    // cgroupfs name below a systemd slice
      "/kubepods/kubepods-burstable.slice",
      "/kubepods/pod",  // no uid
      "/kubepods/podx y",
      slice + "/" + id,       // no scope below a slice
      slice + "/crio-" + id,  // CRI-O's dropped infra container
      slice + "/crio-conmon-" + id + ".scope",
      pod + "/crio-conmon-" + id,
      pod + "/" + id.substr(1),  // 63 digits
      pod + "/" + id + "a",      // 65
      pod + "/" + std::string(64, 'A'),
      pod + "/" + std::string(64, 'g'),
      pod + "/cri-containerd-" + id + ".scope",  // systemd's name with the cgroupfs driver
      container + "/" + id,                      // the container's own children
      container + "/kubepods/pod" + uid + "/" + id,
      container + "/init.scope",
      pod + "/" + id + "/../" + id,
  };
  for (const std::string& row : rows) {
    EXPECT_EQ(place_of(row), CgroupPlace::elsewhere) << row;
    EXPECT_FALSE(parse_container_path(row)) << row;
  }
}

}  // namespace
}  // namespace iopslimit
