// SPDX-License-Identifier: Apache-2.0
#include "control/pause_file.hpp"

#include <fcntl.h>

#include <cstdio>
#include <utility>

#include "loop/clock.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t max_file = 16U << 20;

}  // namespace

PauseFile::PauseFile(std::string path, std::function<void(const std::string&)> warn)
    : path_(std::move(path)), warn_(std::move(warn)) {}

Pauses PauseFile::load() const {
  const auto text = read_file(path_, max_file, O_NOFOLLOW);
  return text ? Pauses::from_text(*text, boot_seconds()) : Pauses();
}

void PauseFile::save(const Pauses& pauses) const {
  const std::error_code error = replace_file(path_, pauses.text());
  if (error)
    warn_("cannot write " + path_ + ": " + error.message() +
          "; pauses last until their time, but a restart of the service ends them");
}

}  // namespace iopslimit
