// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace iopslimit::limit_keys_test {
namespace {

struct OverRow {
  LimitKeys keys;
  Limit result;
};

// Its own key, else the key for both directions, else the base; 0 is a value as any other.
TEST(LimitKeysOver, Table) {
  const Limit base{.read_iops = 500, .write_iops = 600, .read_bps = 700, .write_bps = 800};
  const OverRow rows[] = {
      {{}, base},
      {{.iops = 100}, {.read_iops = 100, .write_iops = 100, .read_bps = 700, .write_bps = 800}},
      {{.iops = 100, .write_iops = 50},
       {.read_iops = 100, .write_iops = 50, .read_bps = 700, .write_bps = 800}},
      {{.read_iops = 0}, {.read_iops = 0, .write_iops = 600, .read_bps = 700, .write_bps = 800}},
      {{.iops = 0, .read_iops = 9},
       {.read_iops = 9, .write_iops = 0, .read_bps = 700, .write_bps = 800}},
      {{.bps = 4096}, {.read_iops = 500, .write_iops = 600, .read_bps = 4096, .write_bps = 4096}},
      {{.bps = 4096, .read_bps = 0},
       {.read_iops = 500, .write_iops = 600, .read_bps = 0, .write_bps = 4096}},
      {{.write_bps = 2}, {.read_iops = 500, .write_iops = 600, .read_bps = 700, .write_bps = 2}},
  };
  for (const OverRow& row : rows) {
    EXPECT_EQ(row.keys.resolved(base), row.result) << to_string(row.result);
  }
}

}  // namespace
}  // namespace iopslimit::limit_keys_test
