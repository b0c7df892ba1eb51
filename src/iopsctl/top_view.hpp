// SPDX-License-Identifier: Apache-2.0
// The screen of `top`: what is shown of the containers' loads, in which order, and which keys
// change that.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "iopsctl/load.hpp"
#include "iopsctl/table.hpp"

namespace iopslimit {

enum class TopKey {
  other,
  quit,
  iops,
  throughput,
  use,
  stalled,
  name,
  up,
  down,
  page_up,
  page_down
};

/// The key that bytes from a terminal are: "q", "i", "\x1b[A". Several keys: the first; `input` is
/// cut to the rest.
TopKey take_key(std::string& input);

class TopView {
 public:
  /// What is shown from now on.
  void show(Snapshot snapshot, std::map<std::string, Load> loads, bool by_service);
  /// False: the operator wants to leave.
  bool press(TopKey key);
  /// At most `height` lines; all rows when it is 0.
  std::vector<std::string> lines(const Look& look, std::size_t height);

 private:
  struct Row {
    const WorkloadView* container;
    const Load* load;
    std::string name;
  };
  std::vector<Row> rows() const;
  std::string head(const Look& look) const;

  Snapshot overview_;
  std::map<std::string, Load> loads_;
  bool by_service_ = true;
  TopKey sort_ = TopKey::iops;
  std::size_t first_ = 0;  // the row at the top
  std::size_t page_ = 10;
};

/// "[||||||    ]  60%", in `width` columns of at least 8; without a share: "-".
std::string bar(const std::optional<double>& share, std::size_t width);

}  // namespace iopslimit
