// SPDX-License-Identifier: Apache-2.0
// containerd's records, and what all records have in common.
#include "runtime/containerd.hpp"

#include <gtest/gtest.h>

#include <string>

#include "runtime/crio.hpp"
#include "runtime/docker.hpp"
#include "runtime/podman.hpp"

namespace iopslimit::containerd_test {
namespace {

const std::string sandbox_id(64, '5');
const RecordRequest request{.labels = {"team"}, .annotation_prefixes = {"example.org"}};

struct Containerd {
  explicit Containerd(const RecordRequest& wished = {})
      : source({}, {}, RuntimeType::automatic, wished) {}
  RecordAnswer parse(const std::string& text) {
    return source.parse(FileText(text), {.pod_uid = "u"});
  }
  bool join(Record& record, const std::string& text) {
    return source.join(record, FileText(text), {.pod_uid = "u"});
  }
  ContainerdSource source;
};

RecordAnswer parse(const std::string& text, const RecordRequest& wished = {}) {
  return Containerd(wished).parse(text);
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
                     .pod_namespace = "shop"};
  Record nameless{.runtime = RuntimeHint::containerd};
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
  const std::string text = bundle(
      R"({"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-id":"5a",
    "io.kubernetes.cri.sandbox-log-directory":")" +
      directory + "\"}");
  return Containerd().source.parse(FileText(text), {.pod_uid = uid});
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
                                  .pod_namespace = row.pod_namespace}))
        << row.directory << " " << row.uid;
  }
}

TEST(Record, ANewSandboxKeepsItsOwnNames) {
  const std::string text = bundle(
      R"({"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web",
    "io.kubernetes.cri.sandbox-namespace":"front",
    "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_db-0_u"})");
  const auto record = std::get<Record>(parse(text));
  EXPECT_EQ(record.pod + "/" + record.pod_namespace, "web/front");
}

TEST(Record, ContainerOfContainerd14TakesItsNamesFromTheSandbox) {
  Containerd containerd;
  const std::string name = R"("io.kubernetes.cri.container-name":"db",)";
  const std::string sandbox = R"("io.kubernetes.cri.sandbox-id":")" + sandbox_id + "\"";
  auto record = std::get<Record>(containerd.parse(bundle("{" + name + sandbox + "}")));
  ASSERT_EQ(containerd.source.wanted_sandbox(), sandbox_id);
  EXPECT_FALSE(containerd.join(record, bundle(R"({"io.kubernetes.cri.container-type":"container",
    "io.kubernetes.cri.sandbox-name":"evil","io.kubernetes.cri.sandbox-namespace":"x"})")));
  EXPECT_FALSE(containerd.join(record, "{"));
  EXPECT_EQ(containerd.source.wanted_sandbox(), sandbox_id) << "of the container, not of others";
  EXPECT_TRUE(record.pod.empty());
  EXPECT_TRUE(containerd.join(record, bundle(R"({"io.kubernetes.cri.container-type":"sandbox",
    "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_db-0_u"})")));
  EXPECT_EQ(record.name + " " + record.pod + " " + record.pod_namespace, "db db-0 shop");
}

TEST(Record, ContainerWithNamesWantsNoSandbox) {
  Containerd containerd(request);
  containerd.parse(bundle(R"({"io.kubernetes.cri.sandbox-name":"db-0",
    "io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-id":")" +
                          sandbox_id + "\"}"));
  EXPECT_EQ(containerd.source.wanted_sandbox(), "");
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

TEST(Record, IgnoresPodAuthorsTextElsewhere) {
  EXPECT_EQ(parse(R"({"process":{"env":["io.kubernetes.cri.container-type=sandbox"],
              "annotations":{"io.kubernetes.cri.container-type":"sandbox"}},"annotations":{}})"),
            RecordAnswer(Record{.runtime = RuntimeHint::containerd}));
}

Record::Pairs annotations_in(const std::string& annotations, const RecordRequest& wished) {
  return std::get<Record>(parse(bundle(annotations), wished)).annotations;
}

TEST(Record, KeepsRequestedAnnotationsOnly) {
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
  EXPECT_EQ(annotations_in("{" + many + "}", request).size(), Record::max_annotations);
  const std::string zeros(Record::max_value, '0');
  EXPECT_EQ(annotations_in(R"({"example.org/iops":")" + zeros + "\"}", request)[0].second, zeros);
  const std::string cut =
      annotations_in(R"({"example.org/iops":")" + zeros + "5\"}", request)[0].second;
  EXPECT_EQ(cut.size(), Record::max_value);
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

TEST(Record, BadTextGivesTheReasonForEveryRuntime) {
  const std::string whole = bundle(R"({"a":"b"})");
  const BadRow rows[] = {
      {"empty", ""},
      {"blank", "  \n"},
      {"truncated in the middle", whole.substr(0, whole.size() / 2)},
      {"last brace missing", R"({"process":{})"},
      {"a list of no objects", "[1,2]"},
      {"a string", "\"x\""},
      {"not JSON", "io.kubernetes = x"},
      {"NUL bytes", std::string(100, '\0')},
      {"not UTF-8", bundle("{\"io.kubernetes.cri.container-name\":\"\xff\xfe\"}")},
      {"deep", std::string(100000, '[')}};
  constexpr auto any = RuntimeType::automatic;
  Containerd containerd(request);
  CrioSource crio({}, any, request);
  DockerSource docker({}, any, request);
  PodmanSource podman({});
  for (const BadRow& row : rows) {
    const FileText text(row.text);
    const RecordAnswer answers[] = {containerd.parse(row.text), crio.parse(text, {}),
                                    docker.parse(text, {}), podman.parse(text, sandbox_id)};
    for (const RecordAnswer& answer : answers) {
      const auto* bad = std::get_if<BadRecord>(&answer);
      ASSERT_NE(bad, nullptr) << row.what;
      EXPECT_FALSE(bad->why.empty()) << row.what;
    }
  }
}

TEST(Record, AnnotationsOfAnotherTypeAreBad) {
  for (const std::string wrong :
       {"[\"io.kubernetes.cri.container-type\"]", "\"sandbox\"", "1", "null"}) {
    const RecordAnswer bad = BadRecord{"\"annotations\" is not an object"};
    EXPECT_EQ(parse(bundle(wrong)), bad);
    CrioSource crio({}, RuntimeType::automatic, {});
    EXPECT_EQ(crio.parse(FileText(bundle(wrong)), {}), bad);
  }
}

TEST(Record, OneParserReadsManyOfAnySize) {
  Containerd containerd;
  const auto read = [&containerd](const std::string& text) {
    return std::get<Record>(containerd.parse(text)).name;
  };
  const std::string large = bundle("{\"x\":\"" + std::string(3U << 20, 'x') +
                                   "\",\"io.kubernetes.cri.container-name\":\"big\"}");
  const std::string small = bundle(R"({"io.kubernetes.cri.container-name":"small"})");
  EXPECT_EQ(read(large), "big");
  EXPECT_EQ(read(small), "small");
  EXPECT_TRUE(std::holds_alternative<BadRecord>(containerd.parse("{")));
  EXPECT_EQ(read(small), "small");
}

TEST(Record, CutTextIsBadUnlessTheAnnotationsAreWhole) {
  const std::string whole = bundle(R"({"io.kubernetes.cri.container-name":"db","x":"{}"})");
  const std::size_t enough = whole.find("{}\"}") + 4;
  Containerd containerd;
  const RecordAnswer record = Record{.runtime = RuntimeHint::containerd, .name = "db"};
  ASSERT_EQ(containerd.parse(whole), record);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string text = whole.substr(0, size);
    const RecordAnswer answer = containerd.parse(text);
    const bool bad = std::holds_alternative<BadRecord>(answer);
    EXPECT_TRUE(bad || (size >= enough && answer == record)) << text;
  }
}

TEST(Record, CutTextWithoutAnnotationsIsBad) {
  const std::string whole = R"({"process":{"args":["{}","}"]},"linux":{"seccomp":{}}})";
  ASSERT_TRUE(std::holds_alternative<Record>(parse(whole)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string text = whole.substr(0, size);
    EXPECT_TRUE(std::holds_alternative<BadRecord>(parse(text))) << text;
  }
  EXPECT_TRUE(std::holds_alternative<BadRecord>(parse(whole + "}")));
  EXPECT_TRUE(std::holds_alternative<BadRecord>(parse(whole + whole)));
}

TEST(Record, EscapedTextIsUnescaped) {
  const std::string text = bundle(
      R"({"io.kubernetes.cri.container-n\u0061me":"a\"b\u00e9", "example.org\/iops" : "5\\"})");
  const auto record = std::get<Record>(parse(text, request));
  EXPECT_EQ(record.name, "a\"b\u00e9");
  EXPECT_EQ(record.annotations, (Record::Pairs{{"example.org/iops", "5\\"}}));
}

}  // namespace
}  // namespace iopslimit::containerd_test
