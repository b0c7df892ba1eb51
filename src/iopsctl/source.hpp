// SPDX-License-Identifier: Apache-2.0
// Where an snapshot comes from: the service, or the kernel where there is none.
#pragma once

#include <string>
#include <string_view>

#include "api/selector.hpp"
#include "api/snapshot.hpp"
#include "iopsctl/kernel.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/verbs.hpp"

namespace iopslimit {

struct Told {
  Snapshot snapshot;
  bool by_service = false;
  std::string why_not;  ///< the service did not tell

  std::string_view source() const { return by_service ? "service" : "kernel"; }
};

/// Asks the service, else reads the kernel.
Told ask(const Paths& places);

/// What an operator does about a service that does not answer, in two lines. `why`: NotRunning's.
std::string what_to_do(const Paths& places, const std::string& why);

/// The one choice that the word fits. Throws NotOne.
Selector choose(const Snapshot& snapshot, const std::string& word);

/// Loads measured over a moment, by cgroup.
Loads measure(Kernel& kernel, const Snapshot& snapshot);

/// The exit status of what was shown; for a reader of text, who told it, on standard error.
int end(const Arguments& arguments, const Told& on_event);

void print(const Lines& lines);
void print(const std::string& text);

}  // namespace iopslimit
