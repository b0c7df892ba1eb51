// SPDX-License-Identifier: Apache-2.0
#include "core/record.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit {
namespace {

RecordAnswer parse(std::string text) {
  return RecordParser().parse_containerd(text);
}

std::string bundle(const std::string& annotations) {
  return R"({"ociVersion":"1.0.2","process":{"args":["/bin/sh"]},"hostname":"x","annotations":)" +
         annotations + R"(,"linux":{"cgroupsPath":"kubepods-pod1.slice:cri-containerd:abc"}})";
}

TEST(Record, ContainerOfContainerd17) {
  const auto answer = parse(bundle(
      R"({"io.kubernetes.cri.container-name":"db","io.kubernetes.cri.container-type":"container",
    "io.kubernetes.cri.image-name":"docker.io/library/postgres:16","io.kubernetes.cri.sandbox-id":"5a","io.kubernetes.cri.sandbox-name":"db-0",
    "io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"u"})"));
  EXPECT_EQ(answer, RecordAnswer(Record{.name = "db",
                                        .image = "docker.io/library/postgres:16",
                                        .pod = "db-0",
                                        .pod_namespace = "shop",
                                        .sandbox_id = "5a"}));
}

TEST(Record, Sandbox) {
  const auto answer = parse(
      bundle(R"({"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-id":"5a",
    "io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_db-0_u"})"));
  EXPECT_EQ(answer, RecordAnswer(Record{.sandbox = true, .sandbox_id = "5a"}));
}

TEST(Record, Containerd14KnowsNeitherPodNorImage) {
  const auto answer = parse(bundle(
      R"({"io.kubernetes.cri.container-name":"db","io.kubernetes.cri.container-type":"container",
    "io.kubernetes.cri.sandbox-id":"5a"})"));
  EXPECT_EQ(answer, RecordAnswer(Record{.name = "db", .sandbox_id = "5a"}));
}

TEST(Record, WithoutAnnotationsIsARecordWithoutNames) {
  EXPECT_EQ(parse("{}"), RecordAnswer(Record{}));
  EXPECT_EQ(parse(bundle("{}")), RecordAnswer(Record{}));
}

TEST(Record, WrongTypesOfOneKeyAreAbsent) {
  EXPECT_EQ(
      parse(bundle(
          R"({"io.kubernetes.cri.container-type":1,"io.kubernetes.cri.container-name":["pause"]})")),
      RecordAnswer(Record{}));
}

TEST(Record, WhatAPodAuthorWritesElsewhereDoesNotCount) {
  EXPECT_EQ(parse(R"({"process":{"env":["io.kubernetes.cri.container-type=sandbox"],
              "annotations":{"io.kubernetes.cri.container-type":"sandbox"}},"annotations":{}})"),
            RecordAnswer(Record{}));
}

struct BadRow {
  const char* what;
  std::string text;
};

TEST(Record, BadTextSaysWhy) {
  const std::string whole = bundle("{}");
  const BadRow rows[] = {
      {"empty", ""},
      {"blank", "  \n"},
      {"truncated in the middle", whole.substr(0, whole.size() / 2)},
      {"last brace missing", whole.substr(0, whole.size() - 1)},
      {"an array", "[1,2]"},
      {"a string", "\"x\""},
      {"annotations no object", bundle("[\"io.kubernetes.cri.container-type\"]")},
      {"annotations a string", bundle("\"sandbox\"")},
      {"not JSON", "io.kubernetes = x"},
      {"NUL bytes", std::string(100, '\0')},
      {"not UTF-8", bundle("{\"io.kubernetes.cri.container-name\":\"\xff\xfe\"}")},
      {"deep", std::string(100000, '[')}};
  for (const BadRow& row : rows) {
    const auto answer = parse(row.text);
    ASSERT_TRUE(std::holds_alternative<BadRecord>(answer)) << row.what;
    EXPECT_FALSE(std::get<BadRecord>(answer).why.empty()) << row.what;
  }
}

TEST(Record, OneParserReadsManyOfAnySize) {
  RecordParser parser;
  std::string large = bundle("{\"x\":\"" + std::string(3U << 20, 'x') +
                             "\",\"io.kubernetes.cri.container-name\":\"big\"}");
  std::string small = bundle(R"({"io.kubernetes.cri.container-name":"small"})");
  std::string bad = "{";
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(large)).name, "big");
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(small)).name, "small");
  EXPECT_TRUE(std::holds_alternative<BadRecord>(parser.parse_containerd(bad)));
  EXPECT_EQ(std::get<Record>(parser.parse_containerd(small)).name, "small");
}

}  // namespace
}  // namespace iopslimit
