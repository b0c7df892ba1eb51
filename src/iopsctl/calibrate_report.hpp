// SPDX-License-Identifier: Apache-2.0
// What `calibrate` prints.
#pragma once

#include <cstdint>
#include <string>

#include "calibrate/advice.hpp"
#include "calibrate/calibration.hpp"
#include "disk/data_stack.hpp"
#include "iopsctl/screens.hpp"

namespace iopslimit {

struct CalibrationReport {
  DataStack stack;
  std::string section;  ///< where the advice belongs: "[limits]", "[device logs]"
  std::uint64_t file_bytes = 0;
  std::uint64_t seconds = 0;
  Calibration found;
  DiskAdvice advice;
};

Lines calibrate_screen(const CalibrationReport& report, const Style& style);
std::string calibrate_json(const CalibrationReport& report);

}  // namespace iopslimit
