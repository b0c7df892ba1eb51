// SPDX-License-Identifier: Apache-2.0
// The verbs of iopsctl. Each prints to standard output and returns the exit status.
#pragma once

#include <chrono>
#include <string>

#include "iopsctl/kernel.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

/// The command line.
struct Arguments {
  Paths paths;
  bool json = false;
  bool all = false;    ///< list: include sandboxes
  bool ini = false;    ///< advise: sections for the configuration
  bool files = false;  ///< names: of the files that edit takes
  bool live = false;   ///< health: check only the event loop
  std::string name;    ///< of a container or pod
  std::string file;    ///< check-config: check only this file; edit: in conf.d
  std::chrono::seconds span = Pauses::usual;
  unsigned times = 0;     ///< top: screens, 0 = until q
  std::string mount;      ///< calibrate: a data mount; empty = the first
  unsigned seconds = 60;  ///< calibrate: how long
  bool yes = false;       ///< calibrate: on a busy disk, and beside running pods, too
};

enum ExitStatus : int {
  exit_good = 0,
  exit_bad = 1,          ///< a difference, not healthy, refused
  exit_usage = 2,        ///< a wrong argument, or a name that matches none or several
  exit_not_running = 3,  ///< the service; the kernel's state is shown
  exit_no_permission = 4,
  exit_own_limit = 10,  ///< why: what holds the container back; without a name somebody is
  exit_total = 11,
  exit_disk = 12,
  exit_other_storage = 13,
  exit_cannot_tell = 14,
  exit_config = 78,  ///< the configuration has errors
};

int show_status(const Arguments& arguments);
int show_list(const Arguments& arguments);
int show_devices(const Arguments& arguments);
/// Measures what the disk behind a data mount can do.
int calibrate(const Arguments& arguments);
int show_top(const Arguments& arguments);
int explain(const Arguments& arguments);
int why(const Arguments& arguments);
int advise(const Arguments& arguments);
int verify(const Arguments& arguments);
int health(const Arguments& arguments);
int check_config(const Arguments& arguments);
/// What a reload would change.
int diff(const Arguments& arguments);
/// Edits a file of the configuration as visudo does: nothing with an error is installed.
int edit(const Arguments& arguments);
int pause(const Arguments& arguments);
int resume(const Arguments& arguments);
int clear(const Arguments& arguments);
int reload(const Arguments& arguments);
/// Prints every name that can be completed, one per line.
int show_names(const Arguments& arguments);

}  // namespace iopslimit
