// SPDX-License-Identifier: Apache-2.0
// What one runtime knows about a container.
#pragma once

#include <string>
#include <vector>

#include "cgroup/path.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

class LargeFiles;

/// A file that may appear. Nothing above `root`, the folder of the runtime itself, is ever watched.
struct RecordFile {
  std::string root;      ///< absolute, may be a link
  std::string relative;  ///< to `root`, at least the file's name; folders that are links are not
                         ///< followed
  std::string path() const { return root + "/" + relative; }
  bool operator==(const RecordFile&) const = default;
};

class RuntimeSource {
 public:
  RuntimeSource() = default;
  virtual ~RuntimeSource() = default;
  RuntimeSource(const RuntimeSource&) = delete;
  RuntimeSource& operator=(const RuntimeSource&) = delete;

  /// Returns the record of a container, found by its ID, with what its sandbox's record adds. Sets
  /// Record::incomplete if the sandbox's record cannot be read (yet). Returns NoRecord if the
  /// runtime has none or the container cannot be its own, and BadRecord with the place and the
  /// reason if there are records and none is usable. Returns LargeRecord if the record is large.
  virtual RecordAnswer read(const ContainerPath& container) = 0;

  /// Until the next call, read() reads large files too, one piece each time, and returns
  /// LargeRecord or Record::Lack::large until the last piece was read. nullptr: it does not read
  /// them.
  virtual void read_large_with(LargeFiles* large) { static_cast<void>(large); }

  /// The files whose appearance would change the last result of read() for this container: those of
  /// its own record, or of its sandbox's record if only that was missing.
  virtual std::vector<RecordFile> awaited_files(const ContainerPath& container) const = 0;
};

}  // namespace iopslimit
