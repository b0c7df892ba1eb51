// SPDX-License-Identifier: Apache-2.0
#include "metrics/textfile.hpp"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "loop/file.hpp"

namespace iopslimit {

std::string metrics_text(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

std::string textfile_hint(std::error_code error) {
  // The errors that a service with ProtectSystem=strict, running as root without capabilities, gets
  // outside of its own folder.
  const bool forbidden = error == std::errc::read_only_file_system ||
                         error == std::errc::permission_denied ||
                         error == std::errc::operation_not_permitted;
  return forbidden ? "the unit lets the service write below /run/iops-limitd, and in the folder of "
                     "node-feature-discovery if it exists when the service starts: write the file "
                     "there, or add ReadWritePaths= with a drop-in (systemctl edit iops-limitd) to "
                     "a folder that root owns"
                   : "";
}

TextFile::TextFile(EventLoop& loop, Needs needs, std::chrono::microseconds period)
    : needs_(std::move(needs)),
      period_(period),
      timer_(
          loop, [this] { begin(); }, Priority::idle),
      next_(
          loop, [this] { turn(); }, Priority::idle) {}

TextFile::~TextFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

void TextFile::write_to(const std::string& path) {
  if (!path_.empty() && path_ != path) unlink(path_.c_str());
  path_ = path;
  written_.reset();
  last_error_.clear();
  step_ = {};
  next_.stop();
  if (path_.empty()) return timer_.stop();
  std::string text;
  for (const Step step = needs_.begin(); step(text);) {
  }
  write(text);
  timer_.every(period_);
}

void TextFile::begin() {
  if (step_) return;
  text_.clear();
  step_ = needs_.begin();
  turn();
}

void TextFile::turn() {
  constexpr std::chrono::milliseconds a_turn{2};
  const auto begin = std::chrono::steady_clock::now();
  while (step_(text_)) {
    if (std::chrono::steady_clock::now() - begin >= a_turn) return next_.restart({});
  }
  step_ = {};
  write(std::exchange(text_, {}));
}

void TextFile::write(const std::string& text) {
  const std::error_code error = replace(text);
  if (error == std::exchange(last_error_, error)) return;
  if (!error)
    return needs_.announce(service_event(Severity::info, Action::none,
                                         needs_.what + " are written to " + path_ + " again"));
  const std::string hint = textfile_hint(error);
  needs_.announce(service_event(Severity::warning, Action::none,
                                "cannot write " + needs_.what + " to " + path_ + ": " +
                                    error.message() + (hint.empty() ? "" : "; " + hint) +
                                    "; limits are not affected"));
}

std::error_code TextFile::replace(const std::string& text) {
  const std::size_t hash = std::hash<std::string_view>()(text);
  if (hash == written_ && access(path_.c_str(), F_OK) == 0) return {};
  const std::error_code error = replace_file(path_, text, Readers::everybody);
  if (!error) written_ = hash;
  return error;
}

std::function<TextFile::Step()> in_one_piece(std::function<std::string()> text) {
  return [make = std::move(text)] {
    return [make](std::string& to) {
      to = make();
      return false;
    };
  };
}

}  // namespace iopslimit
