// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/calibrate_report.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/utf8.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

using Json = nlohmann::ordered_json;

// Those at the bottom: what all the others are made of.
std::vector<const BlockDevice*> disks_of(const DataStack& stack) {
  std::vector<const BlockDevice*> disks;
  for (const BlockDevice& one : stack.devices) {
    if (one.slaves.empty() && one.whole.empty()) disks.push_back(&one);
  }
  return disks;
}

std::string headline(const DataStack& stack) {
  std::string text = printable(stack.mount) + ": " + printable(stack.file_system) + " on ";
  const char* separator = "";
  for (const BlockDevice* disk : disks_of(stack)) {
    text += separator + printable(disk->name);
    if (!disk->model.empty()) text += " (" + printable(disk->model) + ")";
    separator = ", ";
  }
  return text;
}

// "0.04 ms": a fast disk answers in less than a tenth.
std::string latency(std::uint64_t usec) {
  constexpr std::uint64_t hundred = 100;
  const std::uint64_t hundredths = (usec + 5) / 10;
  const std::string rest = std::to_string(hundredths % hundred + hundred).substr(1);
  return grouped(hundredths / hundred) + "." + rest + " ms";
}

std::vector<Cell> row(const std::string& load, const Measurement& found, Colour colour) {
  return {{load, colour},
          {std::to_string(found.depth), colour},
          {grouped(static_cast<std::uint64_t>(std::lround(found.iops))), colour},
          {latency(found.p50_usec), colour},
          {latency(found.p99_usec), colour}};
}

Lines results(const Calibration& found, const Style& style) {
  const std::vector<Column> columns{
      {.title = "LOAD"}, {"AT A TIME", true}, {"IOPS", true}, {"P50", true}, {"P99", true}};
  std::vector<std::vector<Cell>> rows;
  for (const Measurement& step : found.ladder) {
    const bool chosen = step.depth == found.read.depth;
    rows.push_back(row("reads", step, chosen ? Colour::bold : Colour::dim));
  }
  rows.push_back(row("reads and writes", found.mixed, Colour::none));
  rows.push_back(row("writes", found.write, Colour::none));
  rows.push_back(row("sustained writes", found.sustained, Colour::none));
  return table(columns, rows, style);
}

Json json_of(const Measurement& found) {
  constexpr double tenth = 10;
  return {{"depth", found.depth},
          {"iops", std::round(found.iops * tenth) / tenth},
          {"p50_usec", found.p50_usec},
          {"p99_usec", found.p99_usec},
          {"seconds", found.seconds}};
}

}  // namespace

Lines calibrate_screen(const CalibrationReport& report, const Style& style) {
  Lines lines{headline(report.stack)};
  for (std::string& line : results(report.found, style)) lines.push_back(std::move(line));
  const Measurement& read = report.found.read;
  lines.insert(
      lines.end(),
      {"", "Reads reach 95 % of the most with " + std::to_string(read.depth) + " at a time.",
       "For the configuration, 80 % of the weakest, which is: " + report.advice.weakest + ".", "",
       report.section, "total_iops = " + std::to_string(report.advice.total_iops),
       "headroom = " + std::to_string(report.advice.headroom) + "%"});
  return lines;
}

std::string calibrate_json(const CalibrationReport& report) {
  Json disks = Json::array();
  for (const BlockDevice* disk : disks_of(report.stack))
    disks.push_back({{"name", sanitize_utf8(disk->name)},
                     {"device", to_string(disk->devnum)},
                     {"model", sanitize_utf8(disk->model)}});
  Json ladder = Json::array();
  for (const Measurement& step : report.found.ladder) ladder.push_back(json_of(step));
  return Json{{"mount", sanitize_utf8(report.stack.mount)},
              {"file_system", sanitize_utf8(report.stack.file_system)},
              {"disks", std::move(disks)},
              {"file_bytes", report.file_bytes},
              {"seconds", report.seconds},
              {"ladder", std::move(ladder)},
              {"read", json_of(report.found.read)},
              {"mixed", json_of(report.found.mixed)},
              {"write", json_of(report.found.write)},
              {"sustained", json_of(report.found.sustained)},
              {"advice",
               {{"section", sanitize_utf8(report.section)},
                {"total_iops", report.advice.total_iops},
                {"headroom", report.advice.headroom},
                {"weakest", report.advice.weakest}}}}
      .dump(2);
}

}  // namespace iopslimit
