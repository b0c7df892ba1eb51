// SPDX-License-Identifier: Apache-2.0
// A folder of files that goes with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace iopslimit {

class TempTree {
 public:
  TempTree() {
    std::string name = std::filesystem::temp_directory_path() / "iops-limitd-test.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = name;
  }
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;

  /// Absolute path of `path`, which may start with '/'.
  std::string at(const std::string& path) const {
    return root_ + (path.starts_with('/') ? "" : "/") + path;
  }
  std::string root() const { return root_; }

  void folder(const std::string& path) const { std::filesystem::create_directories(at(path)); }
  void file(const std::string& path, const std::string& text = "") const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path), std::ios::binary) << text;
  }
  std::string text(const std::string& path) const {
    std::ifstream file(at(path), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(at(path)); }

 private:
  std::string root_;
};

}  // namespace iopslimit
