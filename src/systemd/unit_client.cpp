// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_client.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

constexpr const char* cannot_ask = "cannot write a call to systemd";

void append_property(sd_bus_message* message, const char* name, const UnitChange& change,
                     std::uint64_t Limit::*value) {
  check(sd_bus_message_open_container(message, 'r', "sv"), cannot_ask);
  check(sd_bus_message_append(message, "s", name), cannot_ask);
  check(sd_bus_message_open_container(message, 'v', "a(st)"), cannot_ask);
  check(sd_bus_message_open_container(message, 'a', "(st)"), cannot_ask);
  for (const Rule& rule : change.rules) {
    const std::string node = "/dev/block/" + to_string(rule.device);
    const std::uint64_t limit = rule.limit.*value;
    check(sd_bus_message_append(message, "(st)", node.c_str(), limit == 0 ? UINT64_MAX : limit),
          cannot_ask);
  }
  for (int i = 0; i < 3; ++i) check(sd_bus_message_close_container(message), cannot_ask);
}

// True for errors that a retry does not change. Apart from NoSuchUnit, all of systemd's own errors
// are final.
bool is_final(std::string_view error) {
  constexpr std::string_view known[] = {
      SD_BUS_ERROR_ACCESS_DENIED,     SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
      SD_BUS_ERROR_INVALID_ARGS,      SD_BUS_ERROR_NOT_SUPPORTED,
      SD_BUS_ERROR_UNKNOWN_METHOD,    SD_BUS_ERROR_UNKNOWN_PROPERTY,
      SD_BUS_ERROR_INVALID_SIGNATURE, SD_BUS_ERROR_PROPERTY_READ_ONLY};
  return error.starts_with("org.freedesktop.systemd1.") ||
         std::find(std::begin(known), std::end(known), error) != std::end(known);
}

UnitAnswer answer_of(std::string_view error) {
  if (error == no_such_unit) return UnitAnswer::no_unit;
  return is_final(error) ? UnitAnswer::refused : UnitAnswer::later;
}

}  // namespace

BusMessage set_limits_call(sd_bus* bus, const UnitChange& change) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus, &message, "org.freedesktop.systemd1",
                                       "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", "SetUnitProperties"),
        cannot_ask);
  BusMessage owned(message);
  const std::string unit(unit_of(change.cgroup));
  constexpr int runtime = 1;
  check(sd_bus_message_append(message, "sb", unit.c_str(), runtime), cannot_ask);
  check(sd_bus_message_open_container(message, 'a', "(sv)"), cannot_ask);
  append_property(message, "IOReadIOPSMax", change, &Limit::read_iops);
  append_property(message, "IOWriteIOPSMax", change, &Limit::write_iops);
  append_property(message, "IOReadBandwidthMax", change, &Limit::read_bps);
  append_property(message, "IOWriteBandwidthMax", change, &Limit::write_bps);
  check(sd_bus_message_close_container(message), cannot_ask);
  return owned;
}

UnitClient::UnitClient(EventLoop& loop, std::string address, Handlers handlers, SystemdWaits waits)
    : loop_(loop),
      address_(std::move(address)),
      handlers_(std::move(handlers)),
      waits_(waits),
      resting_(loop, [this] { ask_again(); }),
      silence_(loop, [this] { say_silent(); }),
      finish_(loop, [this] { end(); }) {}

bool UnitClient::reachable() {
  const bool can = link_ && link_->bus() != nullptr && !resting_.running();
  if (!can) wait_for_it();
  return can;
}

// Announces nothing about the connection: the service's other connection to the bus does so.
void UnitClient::wait_for_it() {
  waiting_ = true;
  if (!said_silent_) silence_.start(waits_.silence);
  if (!link_)
    link_.emplace(loop_, address_, "",
                  BusConnection::Handlers{.begun = [](sd_bus*) {},
                                          .announce = [](const std::string&, bool) {},
                                          .ready = [this] { connected(); }});
}

void UnitClient::connected() {
  silence_.stop();
  ask_again();
}

void UnitClient::set(const UnitChange& change) {
  const BusMessage message = set_limits_call(link_->bus(), change);
  calls_.push_front({this, change});
  Call& call = calls_.front();
  call.place = calls_.begin();
  sd_bus_slot* slot = nullptr;
  const int result = sd_bus_call_async(link_->bus(), &slot, message.get(), answer, &call, 0);
  call.slot.reset(slot);
  if (result < 0) complete(call, UnitAnswer::later, "the connection to the system bus is lost");
}

int UnitClient::answer(sd_bus_message* reply, void* call, sd_bus_error*) noexcept {
  auto* open = static_cast<Call*>(call);
  UnitClient* self = open->self;
  return guard(self->loop_, [=] { self->take_answer(*open, reply); });
}

void UnitClient::take_answer(Call& call, sd_bus_message* reply) {
  if (sd_bus_message_is_method_error(reply, nullptr) == 0)
    return complete(call, UnitAnswer::taken, "");
  const sd_bus_error* error = sd_bus_message_get_error(reply);
  // Either systemd has not answered or the bus: what that one does not read must not pile up.
  if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) != 0) link_->probe();
  complete(call, answer_of(error->name),
           sanitize_utf8(error->message == nullptr ? error->name : error->message));
}

void UnitClient::complete(Call& call, UnitAnswer answer, const std::string& why) {
  const UnitChange change = std::move(call.change);
  calls_.erase(call.place);
  if (answer == UnitAnswer::later) {
    why_silent_ = why;
    rest();
  } else {
    broke_silence();
  }
  handlers_.answered(change, answer, why);
  end_when_done();
}

void UnitClient::rest() {
  resting_.restart(waits_.again);
  if (!said_silent_) silence_.start(waits_.silence);
}

void UnitClient::broke_silence() {
  silence_.stop();
  if (std::exchange(said_silent_, false))
    handlers_.announce("systemd answers again: the limits are sent to it", false);
}

void UnitClient::ask_again() {
  resting_.stop();
  waiting_ = false;
  handlers_.ready();
  end_when_done();
}

void UnitClient::say_silent() {
  said_silent_ = true;
  handlers_.announce(
      "the limits cannot be sent to systemd (" + why_silent_ +
          "): they are in force through the cgroup files, and are sent as soon as systemd answers",
      true);
}

void UnitClient::finish(std::function<void()> done) {
  done_ = std::move(done);
  finish_.restart(waits_.finish);
  end_when_done();
}

void UnitClient::end_when_done() {
  if (calls_.empty() && !waiting_) end();
}

void UnitClient::end() {
  finish_.stop();
  if (done_) std::exchange(done_, nullptr)();
}

}  // namespace iopslimit
