// SPDX-License-Identifier: Apache-2.0
#include "systemd/scope.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include "api/bus_codec.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr const char* systemd = "org.freedesktop.systemd1";
constexpr const char* systemd_path = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_exists = "org.freedesktop.systemd1.UnitExists";
constexpr std::chrono::microseconds patience = std::chrono::seconds(15);

struct FreeError {
  void operator()(sd_bus_error* error) const { sd_bus_error_free(error); }
};

/// The last JobRemoved of the unit: "done", "failed".
struct Job {
  std::string unit;
  std::optional<std::string> result;
};

// org.freedesktop.systemd1(5), JobRemoved: the job's number and path, its unit, its result.
int note_result(sd_bus_message* signal, void* data, sd_bus_error*) {
  auto* job = static_cast<Job*>(data);
  unsigned number = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (sd_bus_message_read(signal, "uoss", &number, &path, &unit, &result) < 0) return 0;
  if (job->unit == unit) job->result = result;
  return 0;
}

BusMessage start_call(sd_bus* bus, const std::string& name, const std::string& description) {
  constexpr const char* cannot_ask = "cannot write a call to systemd";
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus, &message, systemd, systemd_path, manager,
                                       "StartTransientUnit"),
        cannot_ask);
  BusMessage owned(message);
  constexpr unsigned properties = 3;
  check(sd_bus_message_append(message, "ssa(sv)a(sa(sv))", name.c_str(), "fail", properties,
                              "Description", "s", description.c_str(), "Slice", "s", "system.slice",
                              "PIDs", "au", 1, static_cast<unsigned>(getpid()), 0),
        cannot_ask);
  return owned;
}

ScopeAnswer start(sd_bus* bus, const std::string& name, const std::string& description,
                  std::string& why) {
  sd_bus_error error{};
  const std::unique_ptr<sd_bus_error, FreeError> freed(&error);
  const BusMessage call = start_call(bus, name, description);
  const int result =
      sd_bus_call(bus, call.get(), static_cast<std::uint64_t>(patience.count()), &error, nullptr);
  if (result >= 0) return ScopeAnswer::moved;
  why = error.message == nullptr ? std::generic_category().message(-result) : error.message;
  const bool taken = sd_bus_error_has_name(&error, unit_exists) != 0;
  return taken ? ScopeAnswer::name_taken : ScopeAnswer::failed;
}

void wait_for(sd_bus* bus, const Job& job) {
  const auto until = std::chrono::steady_clock::now() + patience;
  int result = 0;
  while (result >= 0 && !job.result) {
    const std::chrono::microseconds left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    result = sd_bus_process(bus, nullptr);
    if (result == 0) result = sd_bus_wait(bus, static_cast<std::uint64_t>(left.count()));
  }
}

}  // namespace

ScopeAnswer move_into_scope(sd_bus* bus, const std::string& name, const std::string& description,
                            std::string& why) {
  Job job{.unit = name};
  sd_bus_slot* slot = nullptr;
  const int watched = sd_bus_match_signal(bus, &slot, systemd, systemd_path, manager, "JobRemoved",
                                          note_result, &job);
  const std::unique_ptr<sd_bus_slot, BusUnref> match(slot);
  check(watched, "cannot watch the jobs of systemd");
  const ScopeAnswer answer = start(bus, name, description, why);
  if (answer != ScopeAnswer::moved) return answer;
  wait_for(bus, job);
  if (job.result == "done") return answer;
  why = job.result ? "systemd says: " + *job.result : "systemd does not say that it is done";
  return ScopeAnswer::failed;
}

}  // namespace iopslimit
