// SPDX-License-Identifier: Apache-2.0
#include "advice/workload_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit::workload_name_test {
namespace {

struct Row {
  std::string pod;
  std::string name;
  std::string glob;
};

TEST(WorkloadName, RemovesWhatKubernetesAppended) {
  const std::vector<Row> rows{
      {"web-7d9f8b6c5d-x2x4z", "web", "web-*"},
      {"web-84bd9c9b5-vz8wk", "web", "web-*"},
      {"web-2-7d9f8b6c5d-x2x4z", "web-2", "web-2-*"},
      {"web-1482738234-x2x4z", "web", "web-*"},
      {"agent-x2x4z", "agent", "agent-*"},
      {"agent-1-x2x4z", "agent-1", "agent-1-*"},
      {"backup-28456320-bcdfg", "backup", "backup-*"},
      {"backup-1604318400-bcdfg", "backup", "backup-*"},
      {"db-0", "db", "db-*"},
      {"db-17", "db", "db-*"},
      {"my-db-replica-2", "my-db-replica", "my-db-replica-*"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(workload_of_pod(row.pod), (WorkloadName{row.name, row.glob})) << row.pod;
}

TEST(WorkloadName, KeepsWhatSomebodyChose) {
  for (const std::string pod :
       {"db", "my-backend", "web-nginx", "shop-mysql", "backup-28456320-abcde", "db-a0", "-0", "0",
        "x2x4z", "-x2x4z", "", "-", "db-", "db-1234567", "agent-X2X4Z"})
    EXPECT_EQ(workload_of_pod(pod), (WorkloadName{pod, pod})) << pod;
}

// names.SimpleNameGenerator cuts the base at 58 characters.
TEST(WorkloadName, FindsTheNameInACutOne) {
  const std::string base(47, 'n');
  EXPECT_EQ(workload_of_pod(base + "-7d9f8b6c5d" + "x2x4z"), (WorkloadName{base, base + "*"}));
  EXPECT_EQ(workload_of_pod(base + "nn-7d9f8b6c" + "x2x4z"),
            (WorkloadName{base + "nn", base + "nn*"}));
  EXPECT_EQ(workload_of_pod(base + "nnnnnnnnnnn" + "x2x4z"),
            (WorkloadName{base + "nnnnnnnnnnn", base + "nnnnnnnnnnn*"}));
  EXPECT_EQ(workload_of_pod(base + "-7d9f8b6c5-" + "x2x4z"), (WorkloadName{base, base + "-*"}));
}

TEST(WorkloadName, KnowsNamesOfKubernetes) {
  for (const char* name : {"db", "db-0", "a.b_c", "7"}) EXPECT_TRUE(is_kubernetes_name(name));
  EXPECT_TRUE(is_kubernetes_name(std::string(253, 'a')));
  for (const std::string& name :
       {std::string(), std::string("-"), std::string("a b"), std::string("a\n"), std::string("a]"),
        std::string("a/b"), std::string("ä"), std::string(254, 'a'), std::string(1, '\0')})
    EXPECT_FALSE(is_kubernetes_name(name)) << name;
}

}  // namespace
}  // namespace iopslimit::workload_name_test
