// SPDX-License-Identifier: Apache-2.0
// docker's records: below a pod, where a shim wrote the labels, and elsewhere, where an image may
// have.
#include "runtime/docker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::docker_test {
namespace {

const std::string sandbox_id(64, '5');
const RecordRequest request{.labels = {"team", "annotation.example.org/iops"},
                            .annotation_prefixes = {"example.org"}};

std::string config(const std::string& name, const std::string& labels,
                   const std::string& image = "nginx:1") {
  return R"({"StreamConfig":{},"State":{"Running":false},"ID":"x","Managed":false,"Image":"sha256:1",
    "Name":")" +
         name + R"(","Config":{"Hostname":"h","Image":")" + image + R"(","Labels":)" + labels +
         "}}";
}

const std::string container_labels =
    R"("io.kubernetes.docker.type":"container","io.kubernetes.container.name":"web",
       "io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop",
       "io.kubernetes.pod.uid":"u","io.kubernetes.sandbox.id":")" +
    sandbox_id + "\"";
const std::string sandbox_labels =
    R"("io.kubernetes.docker.type":"podsandbox","io.kubernetes.container.name":"POD",
       "io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop",
       "io.kubernetes.pod.uid":"u","team":"blue","annotation.example.org/iops":"100",
       "annotation.other.org/x":"y","example.org/write-iops":"7")";
const std::string container_name = "/k8s_web_web-0_shop_u_0";
const std::string sandbox_name = "/k8s_POD_web-0_shop_u_0";

Record container_record() {
  return {.runtime = RuntimeHint::docker,
          .name = "web",
          .image = "nginx:1",
          .pod = "web-0",
          .pod_namespace = "shop"};
}

Record plain_record(const std::string& name) {
  return {.runtime = RuntimeHint::docker, .name = name, .image = "nginx:1"};
}

struct Docker {
  DockerSource source{{}, RuntimeType::automatic, request};
  RecordAnswer parse(const std::string& text, bool in_pod = true) {
    return source.parse(FileText(text), {.pod_uid = in_pod ? "u" : ""});
  }
  bool join(Record& record, const std::string& text) {
    return source.join(record, FileText(text), {});
  }
};

struct Row {
  const char* what;
  std::string text;
  bool in_pod;
  Record record;
};

TEST(RecordDocker, Records) {
  Record sandbox{.runtime = RuntimeHint::docker,
                 .sandbox = true,
                 .name = "POD",
                 .image = "nginx:1",
                 .pod = "web-0",
                 .pod_namespace = "shop",
                 .labels = {{"team", "blue"}},
                 .annotations = {{"example.org/iops", "100"}}};
  Record labelled = plain_record("web");
  labelled.labels = {{"team", "blue"}};
  const Row rows[] = {
      {"a shim's container", config(container_name, "{" + container_labels + "}"), true,
       container_record()},
      {"its own labels are not the pod's",
       config(container_name,
              "{" + container_labels + R"(,"team":"red","annotation.example.org/iops":"9"})"),
       true, container_record()},
      {"a shim's sandbox", config(sandbox_name, "{" + sandbox_labels + "}"), true, sandbox},
      {"plain docker", config("/web", R"({"team":"blue","example.org/iops":"9"})"), false,
       labelled},
      {"no labels", config("/web", "null"), false, plain_record("web")},
      {"no name", config("", "{}"), false, plain_record("")},
      {"no shim's, below a pod", config("/web", R"({"team":"blue"})"), true, plain_record("web")},
      {"wrong types", R"({"Name":1,"Config":{"Image":{},"Labels":[]}})", true,
       Record{.runtime = RuntimeHint::docker}}};
  for (const Row& row : rows) {
    EXPECT_EQ(Docker().parse(row.text, row.in_pod), RecordAnswer(row.record)) << row.what;
  }
}

TEST(RecordDocker, ForgedLabels) {
  Record forged = plain_record("k8s_web_web-0_shop_u_0");
  const Row rows[] = {
      {"an image that says it is a sandbox",
       config("/web", "{" + sandbox_labels + "}"),
       false,
       {.runtime = RuntimeHint::docker,
        .name = "web",
        .image = "nginx:1",
        .labels = {{"annotation.example.org/iops", "100"}, {"team", "blue"}}}},
      {"the same below a pod", config("/web", "{" + sandbox_labels + "}"), true,
       plain_record("web")},
      {"a name like a shim's, outside of pods", config(sandbox_name, "{" + container_labels + "}"),
       false, plain_record(sandbox_name.substr(1))},
      {"a name like a shim's and no type", config(container_name, "{}"), true, forged},
      {"a type of no shim's",
       config(container_name, R"({"io.kubernetes.docker.type":"PodSandbox"})"), true, forged},
      {"a container with the sandbox's type",
       config(container_name, R"({"io.kubernetes.docker.type":"podsandbox"})"),
       true,
       {.runtime = RuntimeHint::docker, .image = "nginx:1"}}};
  for (const Row& row : rows) {
    EXPECT_EQ(Docker().parse(row.text, row.in_pod), RecordAnswer(row.record)) << row.what;
  }
}

TEST(RecordDocker, TheSandboxGivesLabelsAndAnnotations) {
  Docker docker;
  const std::string text = config(container_name, "{" + container_labels + "}");
  auto record = std::get<Record>(docker.parse(text));
  ASSERT_EQ(docker.source.wanted_sandbox(), sandbox_id);
  for (const std::string& other :
       {config("/web", "{" + sandbox_labels + "}"),
        config(container_name, "{" + container_labels + "}"), std::string("{}")}) {
    EXPECT_FALSE(docker.join(record, other)) << other;
    EXPECT_EQ(record, container_record()) << other;
  }
  EXPECT_TRUE(docker.join(record, config(sandbox_name, "{" + sandbox_labels + "}")));
  Record joined = container_record();
  joined.labels = {{"team", "blue"}};
  joined.annotations = {{"example.org/iops", "100"}};
  EXPECT_EQ(record, joined);
}

TEST(RecordDocker, WithoutConfigIsBad) {
  for (const char* text : {R"({"Name":"/x"})", R"({"Config":null})", R"({"Config":"x"})"}) {
    EXPECT_EQ(Docker().parse(text), RecordAnswer(BadRecord{"\"Config\" is not an object"}));
  }
}

TEST(RecordDocker, WhenTheSandboxsRecordIsWanted) {
  const std::string text = config(container_name, "{" + container_labels + "}");
  for (const RecordRequest& wished : {RecordRequest{}, RecordRequest{.labels = {"team"}},
                                      RecordRequest{.annotation_prefixes = {"example.org"}}}) {
    DockerSource source({}, RuntimeType::automatic, wished);
    source.parse(FileText(text), {.pod_uid = "u"});
    EXPECT_EQ(source.wanted_sandbox(), wished == RecordRequest{} ? "" : sandbox_id);
    source.parse(FileText(text), {});
    EXPECT_EQ(source.wanted_sandbox(), "") << "outside of pods";
  }
}

}  // namespace
}  // namespace iopslimit::docker_test
