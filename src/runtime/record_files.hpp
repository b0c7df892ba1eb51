// SPDX-License-Identifier: Apache-2.0
// Opens and reads the files in which one runtime keeps its records, without following a link that a
// pod could plant.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "loop/file.hpp"
#include "runtime/source.hpp"

namespace iopslimit {

class RecordFiles {
 public:
  /// The usual size limit, in bytes. The kubelet's largest record has a few hundred KiB.
  static constexpr std::size_t max_record = 8U << 20;

  /// Files with more than `most` bytes are refused.
  explicit RecordFiles(std::size_t most = max_record) : most_(most) {}

  /// Adds the place <root>/<folder>/<id>/<inner>/<file>, which is searched after those before it.
  /// `inner` may be null. `inner` and `file` are not copied.
  void add(const std::string& root, const std::string& folder, const char* inner, const char* file);

  /// Reads the files of an ID in turn until `parse` returns a usable record, which wins over a bad
  /// one before it: CRI-O writes each record twice. `id` must be a valid ID, or empty for files in
  /// the folder itself. Returns BadRecord with the path and the reason if there are files and none
  /// is usable.
  RecordAnswer read(std::string_view id, const std::function<RecordAnswer(const FileText&)>& parse);

  /// Reads the files of an ID in turn until `take` returns true. Returns false if it never does.
  bool find(std::string_view id, const std::function<bool(const FileText&)>& take);

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
  std::size_t most_;
  FileText text_;     // this and path_ are members to keep their memory
  std::string path_;  // of the file being read
};

}  // namespace iopslimit
