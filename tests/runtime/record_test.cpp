// SPDX-License-Identifier: Apache-2.0
// What every runtime's records have in common, and containerd's.
#include "runtime/record.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit {
namespace {

const std::string sandbox_id(64, '5');
const RecordRequest request{.labels = {"team"}, .annotation_prefixes = {"example.org"}};

RecordAnswer parse(std::string text, const RecordRequest& wished = {}) {
  return RecordParser().parse_containerd(text, wished);
}

std::string bundle(const std::string& annotations) {
  return R"({"ociVersion":"1.0.2","process":{"args":["/bin/sh"]},"hostname":"x","annotations":)" +
         annotations + R"(,"linux":{"cgroupsPath":"kubepods-pod1.slice:cri-containerd:abc"}})";
}

struct VersionRow {
  const char* version;
  std::string annotations;
  Record record;
};

TEST(Record, ContainersOfEveryContainerd) {
  const std::string type = R"("io.kubernetes.cri.container-type":"container",)";
  const std::string sandbox = R"("io.kubernetes.cri.sandbox-id":"5a")";
  const std::string name = R"(,"io.kubernetes.cri.container-name":"db")";
  const std::string names =
      R"(,"io.kubernetes.cri.sandbox-name":"db-0","io.kubernetes.cri.sandbox-namespace":"shop",
         "io.kubernetes.cri.image-name":"docker.io/library/postgres:16")";
  const std::string uid = R"(,"io.kubernetes.cri.sandbox-uid":"u")";
  const Record whole{.runtime = RuntimeHint::containerd,
                     .name = "db",
                     .image = "docker.io/library/postgres:16",
                     .pod = "db-0",
                     .pod_namespace = "shop",
                     .sandbox_id = "5a"};
  Record nameless{.runtime = RuntimeHint::containerd, .sandbox_id = "5a"};
  Record named = nameless;
  named.name = "db";
  const VersionRow rows[] = {{"1.3", type + sandbox, nameless},
                             {"1.4", type + sandbox + name, named},
                             {"1.5 to 1.6.10", type + sandbox + name + names, whole},
                             {"1.6.11, 1.7, 2.x", type + sandbox + name + names + uid, whole}};
  for (const VersionRow& row : rows)
    EXPECT_EQ(parse(bundle("{" + row.annotations + "}")), RecordAnswer(row.record)) << row.version;
}

RecordAnswer parse_sandbox(const std::string& directory, const std::string& uid) {
  std::string text = bundle(
      R"({"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-id":"5a",
    "io.kubernetes.cri.sandbox-log-directory":")" +
      directory + "\"}");
  return RecordParser().parse_containerd(text, {}, uid);
}

struct LogDirectoryRow {
  const char* directory;
  const char* uid;
  const char* pod;
  const char* pod_namespace;
};

TEST(Record, OldSandboxesAreNamedByTheirLogDirectory) {
  const LogDirectoryRow rows[] = {{"/var/log/pods/shop_db-0_0a-1b", "0a-1b", "db-0", "shop"},
                                  {"/elsewhere/shop_db-0_0a-1b", "0a-1b", "db-0", "shop"},
                                  {"/var/log/pods/shop_db-0_0a-1b", "0a-1c", "", ""},
                                  {"/var/log/pods/shop_db-0_0a-1b", "", "", ""},
                                  {"/var/log/pods/shop_db-0_", "", "", ""},
                                  {"/var/log/pods/shop_db-0_x_0a-1b", "0a-1b", "", ""},
                                  {"/var/log/pods/shop__0a-1b", "0a-1b", "", ""},
                                  {"/var/log/pods/_db-0_0a-1b", "0a-1b", "", ""},
                                  {"/var/log/pods/shop_0a-1b", "0a-1b", "", ""},
                                  {"/var/log/pods/shop_db-0_0a-1b/", "0a-1b", "", ""},
                                  {"shop_db-0_0a-1b", "0a-1b", "", ""},
                                  {"", "0a-1b", "", ""}};
  for (const LogDirectoryRow& row : rows) {
    EXPECT_EQ(parse_sandbox(row.directory, row.uid),
              RecordAnswer(Record{.runtime = RuntimeHint::containerd,
                                  .sandbox = true,
                                  .pod = row.pod,
                                  .pod_namespace = row.pod_namespace,
                                  .sandbox_id = "5a"}))
        << row.directory << " " << row.uid;
  }
}

TEST(Record, ANewSandboxKeepsItsOwnNames) {
  std::string text = bundle(
      R"({"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web",
    "io.kubernetes.cri.sandbox-namespace":"front",
    "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_db-0_u"})");
  const auto record = std::get<Record>(RecordParser().parse_containerd(text, {}, "u"));
  EXPECT_EQ(record.pod + "/" + record.pod_namespace, "web/front");
}

TEST(Record, ContainerOfContainerd14TakesItsNamesFromTheSandbox) {
  RecordParser parser;
  Record record{
      .runtime = RuntimeHint::containerd, .name = "db", .image = "", .sandbox_id = sandbox_id};
  ASSERT_TRUE(wants_sandbox(record, {}));
  std::string other = bundle(R"({"io.kubernetes.cri.container-type":"container",
    "io.kubernetes.cri.sandbox-name":"evil","io.kubernetes.cri.sandbox-namespace":"x"})");
  EXPECT_FALSE(parser.join_sandbox(record, other, {}, "u"));
  std::string cut = "{";
  EXPECT_FALSE(parser.join_sandbox(record, cut, {}, "u"));
  EXPECT_TRUE(record.pod.empty());
  std::string text = bundle(R"({"io.kubernetes.cri.container-type":"sandbox",
    "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_db-0_u"})");
  EXPECT_TRUE(parser.join_sandbox(record, text, {}, "u"));
  EXPECT_EQ(record.name + " " + record.pod + " " + record.pod_namespace, "db db-0 shop");
}

TEST(Record, WithoutAnnotationsIsARecordWithoutNames) {
  const Record empty{.runtime = RuntimeHint::containerd};
  EXPECT_EQ(parse("{}"), RecordAnswer(empty));
  EXPECT_EQ(parse(bundle("{}")), RecordAnswer(empty));
}

TEST(Record, WrongTypesOfOneKeyAreAbsent) {
  EXPECT_EQ(
      parse(
          bundle(
              R"({"io.kubernetes.cri.container-type":1,"io.kubernetes.cri.container-name":["pause"],
              "example.org/iops":100})"),
          request),
      RecordAnswer(Record{.runtime = RuntimeHint::containerd}));
}

TEST(Record, WhatAPodAuthorWritesElsewhereDoesNotCount) {
  EXPECT_EQ(parse(R"({"process":{"env":["io.kubernetes.cri.container-type=sandbox"],
              "annotations":{"io.kubernetes.cri.container-type":"sandbox"}},"annotations":{}})"),
            RecordAnswer(Record{.runtime = RuntimeHint::containerd}));
}

Record::Pairs annotations_in(const std::string& annotations, const RecordRequest& wished) {
  return std::get<Record>(parse(bundle(annotations), wished)).annotations;
}

TEST(Record, OnlyAnnotationsWishedForAreKept) {
  const std::string text =
      R"({"example.org/write-iops":"7","example.org/iops":"5","example.org":"1","example.org/":"2",
          "example.organic/iops":"3","other.org/x":"4","not.example.org/iops":"6","team":"a"})";
  const Record::Pairs found{{"example.org/iops", "5"}, {"example.org/write-iops", "7"}};
  EXPECT_EQ(annotations_in(text, request), found);
  EXPECT_TRUE(annotations_in(text, {}).empty());
  EXPECT_EQ(annotations_in(text, {.annotation_prefixes = {"other.org", "example.org", "other.org"}})
                .size(),
            3U);
}

TEST(Record, OfAKeyGivenTwiceTheFirstCounts) {
  EXPECT_EQ(annotations_in(R"({"example.org/iops":"5","example.org/iops":"9"})", request),
            (Record::Pairs{{"example.org/iops", "5"}}));
}

TEST(Record, MemoryOfAnnotationsIsBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += (i == 0 ? "" : ",") + ("\"example.org/" + std::to_string(i)) + R"(":"1")";
  EXPECT_EQ(annotations_in("{" + many + "}", request).size(), RecordParser::max_annotations);
  const std::string zeros(RecordParser::max_value, '0');
  EXPECT_EQ(annotations_in(R"({"example.org/iops":")" + zeros + "\"}", request)[0].second, zeros);
  const std::string cut =
      annotations_in(R"({"example.org/iops":")" + zeros + "5\"}", request)[0].second;
  EXPECT_EQ(cut.size(), RecordParser::max_value);
  EXPECT_TRUE(cut.ends_with("0..."));
  // No half of a character is left.
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\u00fc";
  const std::string half =
      annotations_in(R"({"example.org/iops":")" + umlauts + "\"}", request)[0].second;
  EXPECT_EQ(half.substr(half.size() - 5), "\u00fc...");
}

struct BadRow {
  const char* what;
  std::string text;
};

TEST(Record, BadTextSaysWhyWhateverTheRuntime) {
  const std::string whole = bundle(R"({"a":"b"})");
  const BadRow rows[] = {
      {"empty", ""},
      {"blank", "  \n"},
      {"truncated in the middle", whole.substr(0, whole.size() / 2)},
      {"last brace missing", whole.substr(0, whole.size() - 1)},
      {"a list of no objects", "[1,2]"},
      {"a string", "\"x\""},
      {"not JSON", "io.kubernetes = x"},
      {"NUL bytes", std::string(100, '\0')},
      {"not UTF-8", bundle("{\"io.kubernetes.cri.container-name\":\"\xff\xfe\"}")},
      {"deep", std::string(100000, '[')}};
  RecordParser parser;
  for (const BadRow& row : rows) {
    std::string text = row.text;
    const RecordAnswer answers[] = {
        parser.parse_containerd(text, request), parser.parse_crio(text, request),
        parser.parse_docker(text, request), parser.parse_podman(text, sandbox_id)};
    for (const RecordAnswer& answer : answers) {
      const auto* bad = std::get_if<BadRecord>(&answer);
      ASSERT_NE(bad, nullptr) << row.what;
      EXPECT_FALSE(bad->why.empty()) << row.what;
    }
  }
}

TEST(Record, AnnotationsOfAnotherTypeAreBad) {
  for (const std::string wrong : {"[\"io.kubernetes.cri.container-type\"]", "\"sandbox\"", "1"}) {
    std::string text = bundle(wrong);
    EXPECT_TRUE(std::holds_alternative<BadRecord>(parse(text))) << wrong;
    EXPECT_TRUE(std::holds_alternative<BadRecord>(RecordParser().parse_crio(text, {}))) << wrong;
  }
}

TEST(Record, OneParserReadsManyOfAnySize) {
  RecordParser parser;
  std::string large = bundle("{\"x\":\"" + std::string(3U << 20, 'x') +
                             "\",\"io.kubernetes.cri.container-name\":\"big\"}");
  std::string small = bundle(R"({"io.kubernetes.cri.container-name":"small"})");
  std::string bad = "{";
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(large, request)).name, "big");
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(small, request)).name, "small");
  EXPECT_TRUE(std::holds_alternative<BadRecord>(parser.parse_containerd(bad, request)));
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(small, request)).name, "small");
}

struct WhoseRow {
  const char* cgroup_name;
  const char* pod_uid;
  RuntimeHint hint;
  RuntimeType type;
  std::vector<RuntimeHint> whose;
};

TEST(Record, WhoseRecordItMayBe) {
  using enum RuntimeHint;
  constexpr auto any = RuntimeType::automatic;
  const WhoseRow rows[] = {{"bare id", "u", unknown, any, {containerd, docker}},
                           {"cri-containerd-", "u", containerd, any, {containerd}},
                           {"crio-", "u", crio, any, {crio}},
                           {"docker-", "u", docker, any, {docker}},
                           {"bare id", "u", unknown, RuntimeType::containerd, {containerd}},
                           {"bare id", "u", unknown, RuntimeType::docker, {docker}},
                           {"bare id", "u", unknown, RuntimeType::crio, {}},
                           {"crio-", "u", crio, RuntimeType::crio, {crio}},
                           {"crio-", "u", crio, RuntimeType::containerd, {}},
                           {"docker-", "u", docker, RuntimeType::containerd, {}},
                           {"plain docker", "", docker, RuntimeType::containerd, {docker}},
                           {"libpod-", "", podman, any, {podman}},
                           {"libpod-", "", podman, RuntimeType::crio, {podman}},
                           {"libpod- below a pod", "u", podman, RuntimeType::containerd, {podman}}};
  for (const WhoseRow& row : rows) {
    const ContainerPath path{
        .cgroup = "/x", .id = sandbox_id, .pod_uid = row.pod_uid, .runtime = row.hint};
    std::vector<RuntimeHint> whose;
    for (const RuntimeHint runtime : {containerd, crio, docker, podman}) {
      if (may_have_record(path, row.type, runtime)) whose.push_back(runtime);
    }
    EXPECT_EQ(whose, row.whose) << row.cgroup_name << ", type " << static_cast<int>(row.type);
  }
}

struct WantsRow {
  const char* what;
  Record record;
  RecordRequest wished;
  bool wants;
};

TEST(Record, WhenTheSandboxsRecordIsWanted) {
  const RecordRequest labels{.labels = {"team"}};
  const RecordRequest annotations{.annotation_prefixes = {"example.org"}};
  const auto of = [](RuntimeHint runtime) {
    return Record{.runtime = runtime, .pod = "p", .pod_namespace = "n", .sandbox_id = sandbox_id};
  };
  Record nameless = of(RuntimeHint::containerd);
  nameless.pod_namespace.clear();
  Record sandbox = of(RuntimeHint::crio);
  sandbox.sandbox = true;
  Record upper = of(RuntimeHint::crio);
  upper.sandbox_id = std::string(64, 'A');
  Record path = of(RuntimeHint::docker);
  path.sandbox_id = "../" + std::string(61, 'a');
  const WantsRow rows[] = {
      {"containerd has no labels", of(RuntimeHint::containerd), request, false},
      {"containerd 1.4", nameless, {}, true},
      {"crio, nothing wished", of(RuntimeHint::crio), {}, false},
      {"crio has annotations", of(RuntimeHint::crio), annotations, false},
      {"crio, labels", of(RuntimeHint::crio), labels, true},
      {"docker, nothing wished", of(RuntimeHint::docker), {}, false},
      {"docker, annotations", of(RuntimeHint::docker), annotations, true},
      {"docker, labels", of(RuntimeHint::docker), labels, true},
      {"podman", of(RuntimeHint::podman), request, false},
      {"a sandbox itself", sandbox, labels, false},
      {"no id in capitals", upper, labels, false},
      {"no path", path, labels, false}};
  for (const WantsRow& row : rows)
    EXPECT_EQ(wants_sandbox(row.record, row.wished), row.wants) << row.what;
}

}  // namespace
}  // namespace iopslimit
