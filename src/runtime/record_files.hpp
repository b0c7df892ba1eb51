// SPDX-License-Identifier: Apache-2.0
// Opens and reads the files in which one runtime keeps its records, without following a link that a
// pod could plant.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "loop/file.hpp"
#include "runtime/json_sieve.hpp"
#include "runtime/large_files.hpp"
#include "runtime/source.hpp"

namespace iopslimit {

class RecordFiles {
 public:
  /// A file with more bytes is large: it is read after the container has a limit. Most records have
  /// 10 to 30 KiB.
  static constexpr std::size_t usual = 256U << 10;
  /// How much of a large file may be kept, in bytes. All annotations of a pod may have 256 KiB, and
  /// CRI-O writes them twice, once more escaped.
  static constexpr std::size_t max_kept = 4U << 20;

  /// Of a large file only `members` are kept, of which `most` bytes may be; see JsonSieve.
  explicit RecordFiles(std::span<const KeptMember> members, std::size_t most = max_kept)
      : members_(members), most_(most) {}

  /// Until the next call, large files are read with these. nullptr: not at all.
  void read_large_with(LargeFiles* large) { large_ = large; }

  /// Adds the place <root>/<folder>/<id>/<inner>/<file>, which is searched after those before it.
  /// `inner` may be null. `inner` and `file` are not copied.
  void add(const std::string& root, const std::string& folder, const char* inner, const char* file);

  /// Reads the files of an ID in turn until `parse` returns a usable record, which wins over a bad
  /// one before it: CRI-O writes each record twice. `id` must be a valid ID, or empty for files in
  /// the folder itself. Returns LargeRecord at the first large file that is not read yet, and
  /// BadRecord with the path and the reason if there are files and none is usable.
  RecordAnswer read(std::string_view id, const std::function<RecordAnswer(const FileText&)>& parse);

  /// Reads the files of an ID in turn until `take` returns true. `unusable`: there are files, and
  /// it never does.
  enum class Found { yes, nothing, large, unusable };
  Found find(std::string_view id, const std::function<bool(const FileText&)>& take);

  /// The files that read() would read.
  std::vector<RecordFile> files_of(std::string_view id) const;

 private:
  struct Place {
    std::string root;
    std::string folder;  // below root
    std::string path;    // root/folder
    const char* inner;   // may be null
    const char* file;
  };

  std::error_code read_file(const Place& place, std::string_view id);

  std::vector<Place> places_;
  std::span<const KeptMember> members_;
  std::size_t most_;
  LargeFiles* large_ = nullptr;
  FileText text_;     // this and path_ are members to keep their memory
  std::string path_;  // of the file being read
};

}  // namespace iopslimit
