// SPDX-License-Identifier: Apache-2.0
// Keeps pauses across restarts of the service in /run/iops-limitd/pauses.
#pragma once

#include <functional>
#include <string>

#include "policy/pauses.hpp"

namespace iopslimit {

class PauseFile {
 public:
  /// `warn` receives one text for each failure to write. If the file cannot be written, pauses do
  /// not survive a restart; limits are not affected.
  PauseFile(std::string path, std::function<void(const std::string&)> warn);

  /// The pauses of an earlier run, without those that have ended. A missing file means no pauses.
  Pauses load() const;
  /// Replaces the file with a rename, so a reader sees either the whole old or the whole new one.
  void save(const Pauses& pauses) const;

 private:
  std::string path_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace iopslimit
