// SPDX-License-Identifier: Apache-2.0
// The screen of `top`: which rows it shows, their order, and the keys that change it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "diagnosis/load.hpp"
#include "terminal/table.hpp"

namespace iopslimit {

enum class TopKey {
  other,
  quit,
  iops,
  throughput,
  use,
  stalled,
  at_limit,
  name,
  up,
  down,
  page_up,
  page_down
};

/// Removes the first key from `input`, bytes from a terminal ("q", "i", "\x1b[A"), and returns it.
TopKey take_key(std::string& input);

class TopView {
 public:
  /// Replaces the data.
  void show(Snapshot snapshot, std::map<std::string, Load> loads, bool from_service);
  /// Returns false for the key that quits.
  bool press(TopKey key);
  /// Renders at most `height` lines; all rows when it is 0.
  std::vector<std::string> lines(const Style& style, std::size_t height);

 private:
  struct Row {
    const WorkloadView* container;
    const Load* load;
    std::string name;
  };
  std::vector<Row> rows() const;
  // `all`: every figure has its own column.
  std::vector<Column> columns(bool all) const;
  static std::vector<Cell> cells(const Row& row, bool all);
  std::string head(const Style& style) const;

  Snapshot snapshot_;
  std::map<std::string, Load> loads_;
  bool from_service_ = true;
  TopKey sort_ = TopKey::iops;
  std::size_t first_ = 0;  // index of the first visible row
  std::size_t page_ = 10;
};

/// Returns "[||||||    ]  60%" in `width` columns, at least 8; "-" without a share.
std::string bar(const std::optional<double>& share, std::size_t width);

}  // namespace iopslimit
