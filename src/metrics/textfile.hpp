// SPDX-License-Identifier: Apache-2.0
// A file that another program of the node reads, kept up to date: the metrics for the textfile
// collector of Prometheus' node_exporter, the features for node-feature-discovery.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "loop/timer.hpp"
#include "report/event.hpp"

namespace iopslimit {

/// The metrics as node_exporter reads them.
std::string metrics_text(const std::vector<prometheus::MetricFamily>& families);

/// Advice to the operator for an error of writing such a file; empty if the error needs none.
std::string textfile_hint(std::error_code error);

class TextFile {
 public:
  static constexpr std::chrono::seconds usual_period{15};

  /// Makes a piece of the text; false: it is whole.
  using Step = std::function<bool(std::string& text)>;
  struct Needs {
    std::string what;  ///< "the metrics"
    std::function<Step()> begin;
    std::function<void(const Event&)> announce;
  };

  /// Writes nothing before write_to() is called.
  TextFile(EventLoop& loop, Needs needs, std::chrono::microseconds period = usual_period);
  /// Removes the file, so that nobody reads what is no longer updated; a stale file means a crash.
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  /// Makes the text now and then once every period, in pieces and when nothing else is pending, and
  /// replaces the whole file if its text has changed or the file is gone. With an empty path,
  /// never. Removes the file at the previous path. Everybody may read the file: its readers are
  /// other users, and the umask of the service would deny them access. If the path cannot be
  /// written, this is reported once and affects nothing else.
  void write_to(const std::string& path);

 private:
  void begin();
  void turn();
  void write(const std::string& text);
  std::error_code replace(const std::string& text);

  Needs needs_;
  std::chrono::microseconds period_;
  std::string path_;
  std::optional<std::size_t> written_;  // the hash of the text at path_
  std::error_code last_error_;
  Step step_;  // none: no text is being made
  std::string text_;
  Timer timer_;
  Timer next_;  // piece
};

/// TextFile::Needs::begin of a text that is made in one piece.
std::function<TextFile::Step()> in_one_piece(std::function<std::string()> text);

}  // namespace iopslimit
