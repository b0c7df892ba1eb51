// SPDX-License-Identifier: Apache-2.0
#include "api/callers.hpp"

#include <chrono>

#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr std::uint32_t newcomer = UINT32_MAX;  // no user has this uid (chown(2))
constexpr unsigned calls_of_a_newcomer = 8;
constexpr std::size_t most_callers = 512;

std::uint64_t messages_waiting(sd_bus* bus) {
  std::uint64_t count = 0;
  return sd_bus_get_n_queued_write(bus, &count) < 0 ? 0 : count;
}

bool refuse(sd_bus_message* call) {
  sd_bus_reply_method_errorf(
      call, SD_BUS_ERROR_LIMITS_EXCEEDED,
      "more calls, or answers that nobody has read, than the service has for one user; limits are "
      "not affected; read the answers, and ask again in a few seconds");
  return false;
}

}  // namespace

void Callers::begin(sd_bus* bus) {
  if (bus_ != nullptr) forget(bus_);
  callers_.clear();
  bus_ = bus;
}

void Callers::forget(sd_bus* connection) {
  std::erase_if(waiting_, [=](const auto& one) { return one.first.first == connection; });
}

bool Callers::has_waiting(sd_bus* bus) {
  return messages_waiting(bus) != 0;
}

bool Callers::may_signal(sd_bus* bus) {
  return messages_waiting(bus) < most_silent;
}

bool Callers::admit(sd_bus_message* call) {
  const std::uint64_t waiting = messages_waiting(sd_bus_message_get_bus(call));
  if (waiting >= most_silent) return false;
  Caller& caller = caller_of(call);
  const bool has_calls = caller.uid == newcomer
                             ? ++caller.calls <= calls_of_a_newcomer
                             : budget_.take(caller.uid, std::chrono::steady_clock::now());
  if (waiting >= most_waiting || !has_calls) return refuse(call);
  return true;
}

bool Callers::admit_list(sd_bus_message* call) {
  return has_room(call) || refuse(call);
}

std::optional<std::uint32_t> Callers::begin_work(sd_bus_message* call) {
  const std::uint32_t uid = caller_of(call).uid;
  if (std::size_t& count = at_work_[uid]; count < most_at_work) {
    ++count;
    return uid;
  }
  refuse(call);
  return std::nullopt;
}

// Charges the user that was asked about room: the bus may have said meanwhile who that is.
void Callers::end_work(sd_bus_message* call, std::uint32_t begun,
                       std::chrono::duration<double> spent) {
  charge(call, spent);
  if (--at_work_[begun] == 0) at_work_.erase(begun);
}

bool Callers::has_room(sd_bus_message* call) {
  std::erase_if(waiting_, [](const auto& one) { return messages_waiting(one.first.first) == 0; });
  const std::uint32_t uid = caller_of(call).uid;
  if (!budget_.take(uid, std::chrono::steady_clock::now()))
    return false;  // it may have got into debt since the call
  const auto own = waiting_.find({sd_bus_message_get_bus(call), uid});
  if (own != waiting_.end() && own->second >= most_of_one) return false;
  std::size_t all = 0;
  for (const auto& [whose, bytes] : waiting_) all += (whose.second == 0) == (uid == 0) ? bytes : 0;
  return all < (uid == 0 ? most_of_root : most_of_others);
}

void Callers::send_list(sd_bus_message* call, sd_bus_message* reply, std::size_t bytes) {
  const std::uint32_t uid = caller_of(call).uid;
  sd_bus* bus = sd_bus_message_get_bus(call);
  sd_bus_send(nullptr, reply, nullptr);
  if (messages_waiting(bus) != 0) waiting_[{bus, uid}] += bytes;
}

Callers::Caller& Callers::caller_of(sd_bus_message* call) {
  const char* sender = sd_bus_message_get_sender(call);
  if (sd_bus_message_get_bus(call) != bus_ || sender == nullptr) return peer_;
  if (const auto known = callers_.find(sender); known != callers_.end()) return known->second;
  if (callers_.size() >= most_callers) callers_.clear();
  Caller& caller = callers_.try_emplace(sender, Caller{newcomer}).first->second;
  ask_uid(call, caller);
  return caller;
}

// Ignores errors: if the bus cannot be asked, the connection is lost, and the caller with it.
void Callers::ask_uid(sd_bus_message* call, Caller& caller) {
  sd_bus_slot* slot = nullptr;
  sd_bus_call_method_async(bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "GetConnectionUnixUser", answered, &caller, "s",
                           sd_bus_message_get_sender(call));
  caller.slot.reset(slot);
}

int Callers::answered(sd_bus_message* reply, void* caller, sd_bus_error*) noexcept {
  std::uint32_t uid = newcomer;
  if (sd_bus_message_read(reply, "u", &uid) > 0) static_cast<Caller*>(caller)->uid = uid;
  return 1;
}

}  // namespace iopslimit
