// SPDX-License-Identifier: Apache-2.0
// CRI-O's records: who may have written which key.
#include "runtime/crio.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::crio_test {
namespace {

const std::string sandbox_id(64, '5');
const RecordRequest request{.labels = {"tier", "team"}, .annotation_prefixes = {"example.org"}};

// Go writes a map's keys once each: what is set later replaces what was there.
std::string spec(const std::string& annotations) {
  return R"({"ociVersion":"1.0.2","process":{"args":["sh"]},"annotations":{)" + annotations + "}}";
}

const std::string kubelet =
    R"("io.kubernetes.container.name":"db","io.kubernetes.pod.name":"db-0",
       "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"u")";
const std::string own = R"(,"io.kubernetes.cri-o.ContainerType":"container",
       "io.kubernetes.cri-o.SandboxID":")" +
                        sandbox_id + R"(","io.container.manager":"cri-o")";
const std::string image = R"(,"io.kubernetes.cri-o.Image":"quay.io/shop/db:1")";
const std::string infra =
    R"("io.kubernetes.container.name":"POD","io.kubernetes.pod.name":"db-0",
       "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"u")";
const std::string sandbox_type = R"(,"io.kubernetes.cri-o.ContainerType":"sandbox")";

Record container_record() {
  return {.runtime = RuntimeHint::crio,
          .name = "db",
          .image = "quay.io/shop/db:1",
          .pod = "db-0",
          .pod_namespace = "shop"};
}

Record sandbox_record(bool sandbox) {
  return {.runtime = RuntimeHint::crio,
          .sandbox = sandbox,
          .name = "POD",
          .pod = "db-0",
          .pod_namespace = "shop"};
}

struct Crio {
  CrioSource source{{}, RuntimeType::automatic, request};
  RecordAnswer parse(const std::string& text) { return source.parse(FileText(text), {}); }
  bool join(Record& record, const std::string& text) {
    return source.join(record, FileText(text), {});
  }
};

struct Row {
  const char* what;
  std::string annotations;
  Record record;
};

TEST(RecordCrio, Records) {
  const std::string by_id(64, 'a');
  Record annotated = container_record();
  annotated.annotations = {{"example.org/iops", "100"}};
  Record unnamed = container_record();
  unnamed.image = by_id;
  const Row rows[] = {
      {"a container", kubelet + own + image, container_record()},
      {"asked for by id, named by CRI-O",
       kubelet + own + R"(,"io.kubernetes.cri-o.Image":")" + by_id +
           R"(","io.kubernetes.cri-o.ImageName":"quay.io/shop/db:1")",
       container_record()},
      {"asked for by digest",
       kubelet + own + R"(,"io.kubernetes.cri-o.Image":"sha256:)" + by_id +
           R"(","io.kubernetes.cri-o.ImageName":"quay.io/shop/db:1")",
       container_record()},
      {"an id and no name", kubelet + own + R"(,"io.kubernetes.cri-o.Image":")" + by_id + "\"",
       unnamed},
      {"only the name", kubelet + own + R"(,"io.kubernetes.cri-o.ImageName":"quay.io/shop/db:1")",
       container_record()},
      {"the asked for name wins",
       kubelet + own + image + R"(,"io.kubernetes.cri-o.ImageName":"other")", container_record()},
      {"annotations of the pod",
       kubelet + own + image + R"(,"example.org/iops":"100","team":"blue")", annotated},
      {"a sandbox", infra + sandbox_type, sandbox_record(true)},
      {"a sandbox without infrastructure container",
       infra + sandbox_type + R"(,"io.kubernetes.cri-o.Spoofed":"true")", sandbox_record(true)},
      {"no annotations of CRI-O", "", Record{.runtime = RuntimeHint::crio}}};
  for (const Row& row : rows) {
    EXPECT_EQ(Crio().parse(spec(row.annotations)), RecordAnswer(row.record)) << row.what;
  }
}

TEST(RecordCrio, ForgedKeys) {
  Record plain = container_record();
  const Row rows[] = {
      // KubeName and Namespace are CRI-O's only in a sandbox's record.
      {"a container's pod annotations name another pod",
       kubelet + own + image +
           R"(,"io.kubernetes.cri-o.KubeName":"x","io.kubernetes.cri-o.Namespace":"kube-system")",
       plain},
      {"a container that got the type alone",
       kubelet + sandbox_type + R"(,"io.kubernetes.cri-o.SandboxID":")" + sandbox_id + "\"" + image,
       plain},
      {"a sandbox whose pod says it is a container, of another image and sandbox",
       infra + own + R"(,"io.kubernetes.cri-o.Image":"pause")", sandbox_record(false)},
      {"a sandbox whose pod says what it is named",
       infra + sandbox_type + R"(,"io.kubernetes.cri-o.KubeName":"x")", sandbox_record(true)}};
  for (const Row& row : rows) {
    EXPECT_EQ(Crio().parse(spec(row.annotations)), RecordAnswer(row.record)) << row.what;
  }
}

struct LabelRow {
  const char* what;
  std::string in_container;  // annotations of the pod
  std::string in_sandbox;    // the same, and its labels
  Record::Pairs labels;
};

TEST(RecordCrio, LabelsOfTheSandbox) {
  const LabelRow rows[] = {
      {"none", "", "", {}},
      {"labels",
       "",
       R"(,"team":"blue","tier":"gold","other":"x")",
       {{"team", "blue"}, {"tier", "gold"}}},
      {"an annotation is no label", R"(,"tier":"gold")", R"(,"tier":"gold")", {}},
      {"an annotation does not hide a label",
       R"(,"tier":"tin")",
       R"(,"tier":"gold")",
       {{"tier", "gold"}}},
      {"one of each", R"(,"tier":"gold")", R"(,"tier":"gold","team":"blue")", {{"team", "blue"}}},
      {"the JSON of labels is forged",
       R"()",
       R"(,"io.kubernetes.cri-o.Labels":"{\"tier\":\"gold\"}")",
       {}},
      {"no string", "", R"(,"tier":1)", {}},
      {"a forged type hides no label",
       "",
       R"(,"team":"blue","io.kubernetes.cri-o.ContainerType":"container")",
       {{"team", "blue"}}}};
  Crio crio;
  for (const LabelRow& row : rows) {
    auto record = std::get<Record>(crio.parse(spec(kubelet + own + image + row.in_container)));
    ASSERT_EQ(crio.source.wanted_sandbox(), sandbox_id);
    EXPECT_TRUE(crio.join(record, spec(infra + row.in_sandbox))) << row.what;
    EXPECT_EQ(record.labels, row.labels) << row.what;
  }
}

TEST(RecordCrio, OnlyASandboxGivesLabels) {
  Crio crio;
  const std::string label = R"(,"team":"blue")";
  for (const std::string& other :
       {spec(kubelet + own + label), spec(sandbox_type.substr(1) + label), spec(""),
        std::string("{}"), std::string("{")}) {
    auto record = std::get<Record>(crio.parse(spec(kubelet + own + image)));
    EXPECT_FALSE(crio.join(record, other)) << other;
    EXPECT_EQ(record, container_record()) << other;
  }
}

struct WantsRow {
  const char* what;
  std::string annotations;
  RecordRequest wished;
  bool wants;
};

TEST(RecordCrio, WhenTheSandboxsRecordIsWanted) {
  const auto in = [](const std::string& id) {
    return kubelet + R"(,"io.kubernetes.cri-o.SandboxID":")" + id + "\"";
  };
  const RecordRequest labels{.labels = {"team"}};
  const WantsRow rows[] = {{"nothing wished", in(sandbox_id), {}, false},
                           {"it has annotations itself",
                            in(sandbox_id),
                            {.annotation_prefixes = {"example.org"}},
                            false},
                           {"labels", in(sandbox_id), labels, true},
                           {"a sandbox itself", infra + sandbox_type + own, labels, false},
                           {"no id in capitals", in(std::string(64, 'A')), labels, false},
                           {"no path", in("../" + std::string(61, 'a')), labels, false}};
  for (const WantsRow& row : rows) {
    CrioSource source({}, RuntimeType::automatic, row.wished);
    source.parse(FileText(spec(row.annotations)), {});
    EXPECT_EQ(source.wanted_sandbox(), row.wants ? sandbox_id : "") << row.what;
  }
}

}  // namespace
}  // namespace iopslimit::crio_test
