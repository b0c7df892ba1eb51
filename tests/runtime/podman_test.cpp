// SPDX-License-Identifier: Apache-2.0
// podman's records: entries of a list.
#include "runtime/podman.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::podman_test {
namespace {

const std::string id(64, 'd');
const std::string other_id(64, 'e');

std::string entry(const std::string& its_id, const std::string& rest) {
  return R"({"id":")" + its_id + R"(","image":"4a","layer":"5b")" + rest + "}";
}

const std::string metadata =
    R"(,"names":["db"],"metadata":"{\"image-name\":\"docker.io/library/redis:7\",\"image-id\":\"4a\",\"name\":\"db\",\"created-at\":1700000000,\"mountlabel\":\"\"}")";
const std::string others =
    R"(,"names":["x"],"metadata":"{\"image-name\":\"pause\",\"name\":\"pause\"}")";

struct Row {
  const char* what;
  std::string list;
  RecordAnswer answer;
};

TEST(RecordPodman, Records) {
  const Record redis{
      .runtime = RuntimeHint::podman, .name = "db", .image = "docker.io/library/redis:7"};
  const Record named{.runtime = RuntimeHint::podman, .name = "db"};
  const Record nothing{.runtime = RuntimeHint::podman};
  const Row rows[] = {
      {"one", "[" + entry(id, metadata) + "]", redis},
      {"among others", "[" + entry(other_id, others) + "," + entry(id, metadata) + "]", redis},
      {"the first of two", "[" + entry(id, metadata) + "," + entry(id, others) + "]", redis},
      {"not in the list", "[" + entry(other_id, others) + "]", NoRecord{}},
      {"an empty list", "[]", NoRecord{}},
      {"an id that only begins so", "[" + entry(id + "d", metadata) + "]", NoRecord{}},
      {"no metadata", "[" + entry(id, R"(,"names":["db","second"])") + "]", named},
      {"metadata that is no JSON",
       "[" + entry(id, R"(,"names":["db"],"metadata":"{\"image-name\":")") + "]", named},
      {"metadata that is a list", "[" + entry(id, R"(,"names":["db"],"metadata":"[\"db\"]")") + "]",
       named},
      {"names of wrong types", "[" + entry(id, R"(,"names":[1],"metadata":{"name":"x"})") + "]",
       nothing},
      {"no names", "[" + entry(id, R"(,"names":[])") + "]", nothing},
      {"an entry that is no object", "[1," + entry(id, metadata) + "]",
       BadRecord{"an entry is not an object"}},
      {"no list", R"({"id":")" + id + "\"}", BadRecord{"not a JSON array"}}};
  PodmanSource source({});
  for (const Row& row : rows) {
    EXPECT_EQ(source.parse(FileText(row.list), id), row.answer) << row.what;
  }
}

}  // namespace
}  // namespace iopslimit::podman_test
