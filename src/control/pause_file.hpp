// SPDX-License-Identifier: Apache-2.0
// Pauses, remembered across restarts of the service: /run/iops-limitd/pauses.
#pragma once

#include <functional>
#include <string>

#include "policy/pauses.hpp"

namespace iopslimit {

class PauseFile {
 public:
  /// `warn` gets one text for each failure to write; a file that cannot be kept costs the
  /// memory of a restart, never a limit.
  PauseFile(std::string path, std::function<void(const std::string&)> warn);

  /// What an earlier run left, without what is over by now. No file is no pauses.
  Pauses load() const;
  /// Replaces the file, by a rename: a reader sees the old or the new one whole.
  void save(const Pauses& pauses) const;

 private:
  std::string path_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace iopslimit
