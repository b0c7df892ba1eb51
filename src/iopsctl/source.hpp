// SPDX-License-Identifier: Apache-2.0
// Where an overview comes from: the service, or the kernel where there is none.
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
  Overview overview;
  bool by_service = false;
  std::string why_not;  ///< the service did not tell

  std::string_view source() const { return by_service ? "service" : "kernel"; }
};

/// Asks the service, else reads the kernel.
Told ask(const Places& places);

/// What an operator does about a service that does not answer, in two lines. `why`: NotRunning's.
std::string what_to_do(const Places& places, const std::string& why);

/// The one choice that the word fits. Throws NotOne.
Choice choose(const Overview& overview, const std::string& word);

/// Loads measured over a moment, by cgroup.
Loads measure(Kernel& kernel, const Overview& overview);

/// The exit status of what was shown; for a reader of text, who told it, on standard error.
int end(const Arguments& arguments, const Told& told);

void print(const Lines& lines);
void print(const std::string& text);

}  // namespace iopslimit
