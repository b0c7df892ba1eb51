// SPDX-License-Identifier: Apache-2.0
// Gets an snapshot from the service, or from the kernel when the service is not running.
#pragma once

#include <string>
#include <string_view>

#include "api/snapshot.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/kernel.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/verbs.hpp"

namespace iopslimit {

struct Answer {
  Snapshot snapshot;
  bool from_service = false;
  std::string failure;  ///< why the service did not answer

  std::string_view source() const { return from_service ? "service" : "kernel"; }
};

/// Asks the service; reads the kernel when it is not running.
Answer fetch(const Paths& paths);

/// True when the private socket exists but this user may not use it: the service may be running.
bool is_socket_forbidden(const Paths& paths);

/// Tells the operator in two lines how to get an answer. `why`: the message of NotRunning.
std::string advice(const Paths& paths, const std::string& why);

/// The exit status for a call that was refused.
int status_of(const CallRefused& error);

/// Measures loads over half a second.
Loads measure(Kernel& kernel, const Snapshot& snapshot);

/// Returns the exit status. Prints advice() to standard error when the kernel answered.
int end(const Arguments& arguments, const Answer& answer);

void print(const Lines& lines);
void print(const std::string& text);

}  // namespace iopslimit
