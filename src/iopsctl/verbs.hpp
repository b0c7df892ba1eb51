// SPDX-License-Identifier: Apache-2.0
// What iopsctl does, verb by verb. Each prints to standard output and returns the exit status.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "iopsctl/kernel.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

/// What the command was told.
struct Arguments {
  Paths places;
  bool json = false;
  bool all = false;   ///< list: sandboxes too
  bool live = false;  ///< health: of the loop alone
  std::string name;   ///< of a container or pod
  std::string file;   ///< check-config: this one alone
  std::chrono::seconds span = Pauses::usual;
  unsigned times = 0;  ///< top: screens, 0 = until q
};

enum ExitStatus : int {
  exit_good = 0,
  exit_bad = 1,          ///< a difference, not healthy, refused
  exit_usage = 2,        ///< a wrong argument, or a name that fits none or several
  exit_not_running = 3,  ///< the service; what is shown is the kernel's
  exit_no_permission = 4,
  exit_config = 78,  ///< the configuration has errors
};

/// A name that fits none or several.
struct NotOne : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int show_status(const Arguments& arguments);
int show_list(const Arguments& arguments);
int show_devices(const Arguments& arguments);
int show_top(const Arguments& arguments);
int explain(const Arguments& arguments);
int verify(const Arguments& arguments);
int health(const Arguments& arguments);
int check_config(const Arguments& arguments);
int pause(const Arguments& arguments);
int resume(const Arguments& arguments);
int clear(const Arguments& arguments);
int reload(const Arguments& arguments);
/// Every name that can be completed, a line each.
int show_names(const Arguments& arguments);

}  // namespace iopslimit
