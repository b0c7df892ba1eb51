// SPDX-License-Identifier: Apache-2.0
#include "api/polkit.hpp"

#include <algorithm>
#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

constexpr const char* cannot_ask = "cannot ask the bus";
constexpr std::uint64_t usual_timeout = 0;
constexpr std::uint64_t patience_usec = std::chrono::microseconds(Polkit::patience).count();

}  // namespace

void Polkit::ask(sd_bus_message* call, const std::string& action, std::function<void()> granted) {
  if (sd_bus_is_bus_client(sd_bus_message_get_bus(call)) == 0) return ask_peer(call, granted);
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(sd_bus_message_get_bus(call), &message,
                                       "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetConnectionUnixUser"),
        cannot_ask);
  const BusMessage owned(message);
  check(sd_bus_message_append(message, "s", sd_bus_message_get_sender(call)), cannot_ask);
  open_.push_front(
      {this, BusMessage(sd_bus_message_ref(call)), action, std::move(granted), {}, {}, {}});
  open_.front().place = open_.begin();
  send<&Polkit::ask_polkit>(open_.front(), message, usual_timeout);
}

void Polkit::ask_peer(sd_bus_message* call, const std::function<void()>& granted) {
  sd_bus_creds* creds = nullptr;
  uid_t uid = 0;
  int result = sd_bus_get_owner_creds(sd_bus_message_get_bus(call), SD_BUS_CREDS_EUID, &creds);
  if (result >= 0) result = sd_bus_creds_get_euid(creds, &uid);
  sd_bus_creds_unref(creds);
  if (result >= 0 && uid == 0) return granted();
  reply_error(call, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this");
}

template <Polkit::Answered answered>
void Polkit::send(Question& question, sd_bus_message* message, std::uint64_t usec) {
  sd_bus_slot* slot = nullptr;
  const int result = sd_bus_call_async(sd_bus_message_get_bus(message), &slot, message,
                                       answer<answered>, &question, usec);
  question.slot.reset(slot);
  if (result < 0) open_.erase(question.place);  // the connection is lost, and the call with it
}

template <Polkit::Answered answered>
int Polkit::answer(sd_bus_message* reply, void* question, sd_bus_error*) noexcept {
  auto* open = static_cast<Question*>(question);
  Polkit* polkit = open->polkit;
  return guard_call([=] { (polkit->*answered)(*open, reply); },
                    [=](const char* why) {
                      // If even this fails, the caller is gone.
                      sd_bus_reply_method_errorf(open->call.get(), SD_BUS_ERROR_FAILED, "%s", why);
                      polkit->open_.erase(open->place);
                    });
}

void Polkit::ask_polkit(Question& question, sd_bus_message* reply) {
  if (sd_bus_message_is_method_error(reply, nullptr) != 0)
    return refuse(question, SD_BUS_ERROR_ACCESS_DENIED, "the bus does not say who you are");
  std::uint32_t uid = 0;
  check(sd_bus_message_read(reply, "u", &uid), "the bus's answer to GetConnectionUnixUser");
  if (uid == 0) return grant(question);
  if (!has_room_for(uid))
    return refuse(question, SD_BUS_ERROR_LIMITS_EXCEEDED,
                  "too many calls wait for an authorization; answer the questions for a password, "
                  "or try again later");
  question.asked_about = uid;
  sd_bus_slot* slot = nullptr;
  const std::string end =
      "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg2='',arg0='" +
      std::string(sd_bus_message_get_sender(question.call.get())) + "'";
  check(sd_bus_add_match_async(sd_bus_message_get_bus(reply), &slot, end.c_str(), caller_gone,
                               nullptr, &question),
        cannot_ask);
  question.gone.reset(slot);
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(
            sd_bus_message_get_bus(reply), &message, "org.freedesktop.PolicyKit1",
            "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority",
            "CheckAuthorization"),
        cannot_ask);
  const BusMessage owned(message);
  const int asks = sd_bus_message_get_allow_interactive_authorization(question.call.get());
  check(sd_bus_message_append(message, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                              sd_bus_message_get_sender(question.call.get()),
                              question.action.c_str(), 0, asks > 0 ? 1U : 0U, ""),
        cannot_ask);
  send<&Polkit::decide>(question, message, asks > 0 ? patience_usec : usual_timeout);
}

void Polkit::decide(Question& question, sd_bus_message* reply) {
  if (sd_bus_message_is_method_error(reply, nullptr) != 0)
    return refuse(question, SD_BUS_ERROR_ACCESS_DENIED,
                  std::string("only root may do this: polkit, which could let others, does not "
                              "answer (") +
                      sd_bus_message_get_error(reply)->message + ")");
  int authorized = 0;
  int challenge = 0;
  check(sd_bus_message_enter_container(reply, 'r', "bba{ss}"), "polkit's answer");
  check(sd_bus_message_read(reply, "bb", &authorized, &challenge), "polkit's answer");
  if (authorized != 0) return grant(question);
  if (challenge != 0)
    return refuse(question, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                  "polkit wants a password for " + question.action +
                      "; run it as root, or at a terminal, where polkit can ask for a password");
  refuse(question, SD_BUS_ERROR_ACCESS_DENIED,
         "only root, and whom polkit lets do " + question.action + ", may do this");
}

bool Polkit::has_room_for(std::uint32_t uid) const {
  const auto all =
      std::ranges::count_if(open_, [](const Question& one) { return one.asked_about.has_value(); });
  const auto own =
      std::ranges::count_if(open_, [uid](const Question& one) { return one.asked_about == uid; });
  return static_cast<std::size_t>(all) < most_open &&
         static_cast<std::size_t>(own) < most_of_one_user;
}

// Nobody is left to receive the answer; what was asked for is not done.
int Polkit::caller_gone(sd_bus_message*, void* question, sd_bus_error*) noexcept {
  auto* open = static_cast<Question*>(question);
  open->polkit->open_.erase(open->place);
  return 0;
}

void Polkit::grant(Question& question) {
  question.granted();
  open_.erase(question.place);
}

void Polkit::refuse(Question& question, const char* error, const std::string& why) {
  reply_error(question.call.get(), error, why);
  open_.erase(question.place);
}

}  // namespace iopslimit
