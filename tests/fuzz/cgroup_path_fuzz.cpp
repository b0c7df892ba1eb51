// SPDX-License-Identifier: Apache-2.0
// Cgroup names below a container are a pod author's to choose.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "../support/parsed_path.hpp"
#include "cgroup/path.hpp"

namespace {

using namespace iopslimit;

const std::string id(64, 'a');

// Bytes below the number of words stand for words, so that chance finds whole paths.
std::string spell(std::string_view bytes) {
  static const std::array<std::string, 36> words{
      "/",
      "/kubepods",
      ".slice",
      "-",
      "burstable",
      "besteffort",
      "kubepods",
      "/kubepods.slice",
      "pod",
      "pod0a",
      "_",
      id,
      ".scope",
      "crio",
      "crio-conmon",
      "cri-containerd",
      "docker",
      "libpod",
      "conmon",
      "/docker",
      "/container",
      "/system.slice",
      "/machine.slice",
      "/machine-libpod_pod_",
      "/kubelet",
      "/libpod_parent",
      "/user.slice",
      "/kubepods/pod0a/",
      "/docker/",
      "/crio-" + id,
      "/kubepods.slice/kubepods-pod0a.slice/",
      "kubepods-burstable-pod0a.slice:cri-containerd:",
      "/kata_overhead/",
      "kata_",
      "/containerd.service/",
      ":",
  };
  std::string text;
  for (const char byte : bytes) {
    const auto word = static_cast<unsigned char>(byte);
    if (word < words.size()) {
      text += words[word];
    } else {
      text += byte;
    }
  }
  return text;
}

void check(bool holds) {
  if (!holds) std::abort();
}

bool may_be_below(CgroupKind kind, CgroupKind parent) {
  using enum CgroupKind;
  switch (kind) {
    case prefix:
    case kubepods:
      return parent == prefix;
    case level:
      return parent == kubepods || parent == level;
    case pod:
      return parent == kubepods || parent == level;
    case outside:
      return parent == prefix || parent == outside;
    case container:
      return parent != elsewhere && parent != unfamiliar;
    case unfamiliar:
      return parent == prefix || parent == outside || parent == pod;
    case elsewhere:
      return true;
  }
  return false;
}

// Four directories of a --cgroup-root, kubepods, three levels, pod, container, leaf.
constexpr int deepest = 11;

void check_chain(const std::string& cgroup, Standalone requested) {
  using enum CgroupKind;
  std::string parent = "/";
  CgroupKind parent_place = kind_of(parent, requested);
  check(parent_place == prefix);
  if (cgroup == parent) return;
  if (!cgroup.starts_with('/')) return check(kind_of(cgroup, requested) == elsewhere);
  std::size_t end = 0;
  for (int depth = 0; depth <= deepest && end < cgroup.size(); ++depth) {
    end = std::min(cgroup.find('/', end + 1), cgroup.size());
    std::string path = cgroup.substr(0, end);
    const CgroupKind kind = kind_of(path, requested);
    check(may_be_below(kind, parent_place));
    check(depth < deepest || kind == elsewhere);
    if (kind == container && parent_place == container)
      check((parse_cgroup(parent, requested).leaf == ProcessLeaf::possible) &&
            path == parent + "/container");
    parent = std::move(path);
    parent_place = kind;
  }
  if (end < cgroup.size()) check(kind_of(cgroup, requested) == elsewhere);
}

void check_container(const std::string& cgroup, Standalone requested) {
  const auto path = parse_container_path(cgroup, requested);
  check(path.has_value() == (kind_of(cgroup, requested) == CgroupKind::container));
  if (!path) return check(!(parse_cgroup(cgroup, requested).leaf == ProcessLeaf::possible));
  check(is_container_id(path->id) && path->cgroup == cgroup);
  const std::string pod(pod_cgroup_of(*path));
  check(cgroup.starts_with(pod));
  check(pod.empty() == (path->pod_uid.empty() || path->outside_pod));
  if (pod.empty()) {
    const bool kubelets = cgroup.find("kube") != std::string::npos;
    if (path->runtime == RuntimeHint::docker) check(requested.docker || kubelets);
    if (path->runtime == RuntimeHint::podman) check(requested.podman || kubelets);
  } else {
    const auto parsed = parse_pod_path(pod);
    check(parsed && parsed->pod_uid == path->pod_uid && parsed->qos == path->qos);
    check(cgroup[pod.size()] == '/');
  }
  if ((parse_cgroup(cgroup, requested).leaf == ProcessLeaf::possible)) {
    auto leaf = parse_container_path(cgroup + "/container", requested);
    check(leaf && leaf->cgroup == cgroup + "/container");
    leaf->cgroup = cgroup;
    leaf->leaf = ProcessLeaf::possible;
    check(leaf == path);
  }
}

// Asking for more takes nothing from what is the kubelet's, and gives nothing inside of it.
void check_unasked(const std::string& cgroup, Standalone requested) {
  using enum CgroupKind;
  const CgroupKind kind = kind_of(cgroup);
  const CgroupKind with = kind_of(cgroup, requested);
  if (kind == elsewhere || kind == unfamiliar) return check(with == kind || with == container);
  check(with == kind);
  check(parse_container_path(cgroup) == parse_container_path(cgroup, requested));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const char first = bytes.empty() ? '\0' : bytes.front();
  const Standalone requested{.docker = (first & 1) != 0, .podman = (first & 2) != 0};
  const std::string text = spell(bytes.substr(bytes.empty() ? 0 : 1));
  const std::string slice = "/kubepods.slice/kubepods-pod0a.slice";
  for (const std::string& cgroup :
       {text, "/" + text, "/kubepods/pod0a/" + text, slice + "/" + text}) {
    check_chain(cgroup, requested);
    check_container(cgroup, requested);
    check_unasked(cgroup, requested);
    check(parse_pod_path(cgroup).has_value() == (kind_of(cgroup) == CgroupKind::pod));
  }
  // Below a real container nothing may be taken for one, its process leaf apart.
  check(kind_of("/kubepods/pod0a/" + id + "/" + text, requested) == CgroupKind::elsewhere);
  check(kind_of("/docker/" + id + "/" + text) == CgroupKind::elsewhere);
  const bool container =
      kind_of(slice + "/crio-" + id + ".scope/" + text, requested) == CgroupKind::container;
  check(container == (text == "container"));
  return 0;
}
