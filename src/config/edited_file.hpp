// SPDX-License-Identifier: Apache-2.0
// A file of the configuration while somebody edits a copy of it.
#pragma once

#include <string>

#include "config/files.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// Locks the folder of the configuration against other editors, as long as this lives. The copy is
/// in a folder that only its owner may enter and the service does not read. The functions throw
/// std::runtime_error with a text for the operator.
class EditedFile {
 public:
  /// `name`: of a file in conf.d, which may not exist yet; empty: the main file. Refuses folders
  /// that others may write to.
  EditedFile(const std::string& main_file, const std::string& name);
  ~EditedFile();
  EditedFile(const EditedFile&) = delete;
  EditedFile& operator=(const EditedFile&) = delete;

  /// The path that the service reads.
  const std::string& file() const { return file_; }
  /// The path for the editor.
  const std::string& copy() const { return copy_; }
  /// What the file held at first; empty if there was none.
  const std::string& text() const { return text_; }
  /// What the copy holds now.
  std::string edited() const;
  /// Puts `text` in the place of the file, with its owner and mode, in one step that outlasts a
  /// power failure. Refuses if somebody else has changed the file meanwhile.
  void install(const std::string& text) const;

 private:
  std::string file_;
  std::string target_;  // what file_ leads to, if it is a link
  std::string folder_;  // of the copy
  std::string copy_;
  std::string text_;
  bool exists_ = false;
  File lock_;
};

}  // namespace iopslimit
