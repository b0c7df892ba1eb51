// SPDX-License-Identifier: Apache-2.0
// Asks the kernel to report when processes of a cgroup wait for I/O.
#pragma once

#include <string>

#include "cgroup/hierarchy.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// A trigger of io.pressure (Documentation/accounting/psi.rst): the descriptor has EPOLLPRI when
/// some process of the cgroup, or of one below it, waited for 10 ms within 2 s, at most once in 2
/// s; and EPOLLERR when the cgroup is gone. Windows that are a multiple of 2 s need no privileges
/// (kernel/sched/psi.c, psi_trigger_create()). Nobody waits in the kernel's sense who submits I/O
/// asynchronously and then waits for an event.
class PressureTrigger {
 public:
  /// There is none on v1, and where the kernel does not measure pressure: fd() is -1 then.
  PressureTrigger(const Hierarchy& tree, const std::string& cgroup);

  int fd() const { return file_.fd(); }

 private:
  File file_;
};

}  // namespace iopslimit
