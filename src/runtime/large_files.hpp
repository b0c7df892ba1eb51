// SPDX-License-Identifier: Apache-2.0
// Reads large record files piece by piece, so that no record keeps a new container waiting.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "loop/file.hpp"
#include "runtime/json_sieve.hpp"

namespace iopslimit {

class LargeFiles {
 public:
  /// A file with more bytes is refused. The kubelet's messages of 16 MiB make smaller records,
  /// unless most of their characters are escaped.
  static constexpr std::size_t max_file = 64U << 20;
  static constexpr std::size_t piece = 256U << 10;

  bool knows(const std::string& path) const { return files_.contains(path); }
  /// `members` are what is kept of the file, at most `most` bytes; see JsonSieve.
  void add(const std::string& path, File file, std::span<const KeptMember> members,
           std::size_t most);
  /// Reads the next piece of a known file. Sets `text` to what is kept once the file was read to
  /// its end. The error is EAGAIN until then; EOVERFLOW: the file is too large; EMSGSIZE: too much
  /// would be kept.
  std::error_code read(const std::string& path, FileText& text);
  void clear() { files_.clear(); }

 private:
  struct Reading {
    File file;
    JsonSieve sieve;
    std::size_t most;
    std::size_t size = 0;
    std::optional<std::error_code> result = std::nullopt;
  };

  std::error_code read_piece(Reading& reading);

  std::map<std::string, Reading> files_;  // by path
  std::string piece_;
};

}  // namespace iopslimit
