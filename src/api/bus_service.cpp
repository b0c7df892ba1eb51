// SPDX-License-Identifier: Apache-2.0
#include "api/bus_service.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "api/event_signal.hpp"
#include "loop/file.hpp"
#include "loop/guard.hpp"
#include "policy/pauses.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

// Ignores errors: if a reply cannot be sent, nobody is left to receive it, and sd-bus notifies
// BusConnection of a lost connection separately.
void reply_nothing(sd_bus_message* call) {
  sd_bus_reply_method_return(call, "");
}

// Replies with the container or pod that the call's argument names.
void reply_choice(sd_bus_message* call, const Selector& selector) {
  sd_bus_message* reply = nullptr;
  check(sd_bus_message_new_method_return(call, &reply), cannot_answer);
  const BusMessage owned(reply);
  append_fields(reply,
                {{"name", selector.shown}, {selector.pod ? "pod_uid" : "cgroup", selector.whom}});
  sd_bus_send(nullptr, reply, nullptr);
}

// sd-bus answers the caller with `failure` when it is set.
auto refuse_with(sd_bus_error* failure) {
  return [failure](const char* why) {
    sd_bus_error_set(failure, SD_BUS_ERROR_FAILED, plain_lines(why).c_str());
  };
}

std::string read_word(sd_bus_message* call) {
  const char* word = nullptr;
  check(sd_bus_message_read(call, "s", &word), cannot_answer);
  constexpr std::size_t most = 4096;
  if (std::string_view(word).size() > most)
    throw std::runtime_error("the name of a container or pod has at most 4096 bytes");
  return word;
}

template <class Views>
std::vector<Fields> fields_of_all(const Views& views) {
  std::vector<Fields> list;
  list.reserve(views.size());
  for (const auto& view : views) list.push_back(fields_of(view));
  return list;
}

std::string lines_of(const std::vector<std::string>& errors) {
  std::string lines;
  for (const std::string& error : errors) lines += (lines.empty() ? "" : "\n") + error;
  return lines;
}

}  // namespace

#define IOPSLIMIT_CONSTANT(name, type) \
  SD_BUS_PROPERTY(name, type, property, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define IOPSLIMIT_TOLD(name, type) \
  SD_BUS_PROPERTY(name, type, property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define IOPSLIMIT_COUNTER(name) SD_BUS_PROPERTY(name, "t", property, 0, 0)
#define IOPSLIMIT_SIGNAL(name) SD_BUS_SIGNAL_WITH_NAMES(name, "a{sv}", SD_BUS_PARAM(container), 0)

const sd_bus_vtable BusService::vtable[] = {
    SD_BUS_VTABLE_START(0),
    IOPSLIMIT_CONSTANT("Version", "s"),
    IOPSLIMIT_CONSTANT("CgroupVersion", "s"),
    IOPSLIMIT_CONSTANT("Hierarchy", "s"),
    IOPSLIMIT_CONSTANT("DryRun", "b"),
    IOPSLIMIT_CONSTANT("Since", "t"),
    IOPSLIMIT_TOLD("Scope", "s"),
    IOPSLIMIT_TOLD("LastReload", "t"),
    IOPSLIMIT_TOLD("ReloadRefused", "b"),
    IOPSLIMIT_TOLD("Cleared", "b"),
    IOPSLIMIT_TOLD("Devices", "aa{sv}"),
    IOPSLIMIT_TOLD("Waiting", "as"),
    SD_BUS_PROPERTY("Totals", "aa{sv}", property, 0, 0),
    IOPSLIMIT_COUNTER("Limited"),
    IOPSLIMIT_COUNTER("Pending"),
    IOPSLIMIT_COUNTER("Exempt"),
    IOPSLIMIT_COUNTER("Sandbox"),
    IOPSLIMIT_COUNTER("Failed"),
    IOPSLIMIT_COUNTER("Paused"),
    IOPSLIMIT_COUNTER("Repaired"),
    IOPSLIMIT_COUNTER("Writes"),
    IOPSLIMIT_COUNTER("Errors"),
    IOPSLIMIT_COUNTER("LeftAlone"),
    IOPSLIMIT_COUNTER("LinesDropped"),
    SD_BUS_PROPERTY("Problems", "as", property, 0, 0),
    SD_BUS_PROPERTY("RuntimeSocket", "s", property, 0, 0),
    SD_BUS_PROPERTY("LastError", "s", property, 0, 0),
    IOPSLIMIT_COUNTER("LastErrorAt"),
    SD_BUS_PROPERTY("ShareState", "s", property, 0, 0),
    IOPSLIMIT_COUNTER("ShareChanged"),
    IOPSLIMIT_COUNTER("Grants"),
    IOPSLIMIT_COUNTER("Recalls"),
    IOPSLIMIT_COUNTER("BelowMsec"),
    IOPSLIMIT_COUNTER("WorstRecallUsec"),
    SD_BUS_METHOD_WITH_ARGS("ListContainers", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", containers),
                            call<&BusService::list_containers>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListPods", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", pods),
                            call<&BusService::list_pods>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListAdvice", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", advice),
                            call<&BusService::list_advice>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", container_or_pod),
                            SD_BUS_RESULT("aa{sv}", containers), call<&BusService::explain>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, call<&BusService::reload>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Preview", SD_BUS_ARGS("s", file, "ay", text),
                            SD_BUS_RESULT("aa{sv}", changes), call<&BusService::preview>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Clear", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, call<&BusService::clear>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("s", container_or_pod, "t", seconds),
                            SD_BUS_RESULT("a{sv}", paused), call<&BusService::pause>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_ARGS("s", container_or_pod),
                            SD_BUS_RESULT("a{sv}", resumed), call<&BusService::resume>,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    IOPSLIMIT_SIGNAL("ContainerLimited"),
    IOPSLIMIT_SIGNAL("ContainerExempted"),
    IOPSLIMIT_SIGNAL("DriftRepaired"),
    SD_BUS_SIGNAL_WITH_NAMES("DeviceChanged", "aa{sv}", SD_BUS_PARAM(devices), 0),
    SD_BUS_VTABLE_END};

BusService::BusService(EventLoop& loop, const std::string& address, const std::string& socket,
                       Answers answers, const Reports& reports)
    : answers_(std::move(answers)),
      lists_(loop, callers_, answers_.containers),
      link_(loop, address, bus_name,
            {.begun =
                 [this](sd_bus* bus) {
                   callers_.begin(bus);
                   be_on(bus);
                 },
             .announce = reports.announce,
             .away = reports.away}),
      peers_(loop, socket,
             {.begun = [this](sd_bus* bus) { be_on(bus); },
              .ended = [this](sd_bus* bus) { callers_.forget(bus); },
              .announce = reports.announce}) {}

void BusService::be_on(sd_bus* bus) {
  check(sd_bus_add_filter(bus, nullptr, incoming, this), "sd_bus_add_filter");
  check(sd_bus_add_object_vtable(bus, nullptr, bus_path, bus_interface, vtable, this),
        "sd_bus_add_object_vtable");
}

// Sees every message before its handler. Returns 1 for a call that is not answered any further.
int BusService::incoming(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0) return 0;
  return static_cast<BusService*>(self)->callers_.admit(message) ? 0 : 1;
}

template <BusService::Method method>
int BusService::call(sd_bus_message* message, void* self, sd_bus_error* failure) noexcept {
  auto* api = static_cast<BusService*>(self);
  return guard_call([=] { (api->*method)(message); }, refuse_with(failure));
}

int BusService::property(sd_bus* bus, const char*, const char*, const char* name,
                         sd_bus_message* reply, void* self, sd_bus_error* failure) noexcept {
  using Clock = std::chrono::steady_clock;
  auto* api = static_cast<BusService*>(self);
  const auto begin = Clock::now();
  const int result = guard_call([=] { api->append_property(name, reply); }, refuse_with(failure));
  if (sd_bus_message* call = sd_bus_get_current_message(bus))
    api->callers_.charge(call, Clock::now() - begin);
  return result;
}

// GetAll reads each property separately, and any user may call it in a loop; so one summary serves
// all properties until something changes, and who asks then is charged with the time that it takes.
const BusService::Properties& BusService::properties() {
  const std::uint64_t revision = answers_.revision();
  if (!properties_ || properties_->revision != revision) {
    const Summary summary = answers_.summary();
    properties_ = {revision, fields_of(summary), fields_of_all(summary.snapshot.devices),
                   fields_of_all(summary.snapshot.totals)};
  }
  return *properties_;
}

void BusService::append_property(const std::string& name, sd_bus_message* reply) {
  const Properties& all = this->properties();
  if (name == "Devices") return append_list(reply, all.devices);
  if (name == "Totals") return append_list(reply, all.totals);
  append_value(reply, *find_field(all.fields, field_of_bus_name(name)));
}

void BusService::list_containers(sd_bus_message* call) {
  lists_.reply_containers(call);
}

void BusService::list_pods(sd_bus_message* call) {
  lists_.reply_pods(call);
}

void BusService::list_advice(sd_bus_message* call) {
  lists_.reply_pieces(call, [this, last = Advice(), begun = false](auto& some) mutable {
    const auto found = answers_.advice(std::exchange(begun, true) ? &last : nullptr);
    if (!found.empty()) last = found.back();
    some = fields_of_all(found);
    return !found.empty();
  });
}

void BusService::explain(sd_bus_message* call) {
  lists_.choose(call, read_word(call), [this, call](const Selector& selector) {
    std::vector<Fields> list;
    for (const WorkloadView* container : selector.containers) {
      list.push_back(fields_of(*container));
      list.back().push_back({"steps", answers_.explain(*container)});
    }
    lists_.reply(call, list);
  });
}

void BusService::reload(sd_bus_message* call) {
  polkit_.ask(call, "org.iopslimit1.reload", [this, call] {
    const std::vector<std::string> errors = answers_.reload();
    errors.empty() ? reply_nothing(call) : reply_error(call, config_refused, lines_of(errors));
  });
}

// Needs the right to reload: it reads files that not everybody may read.
void BusService::preview(sd_bus_message* call) {
  Replacement instead{.file = read_word(call), .text = {}};
  const void* text = nullptr;
  std::size_t size = 0;
  check(sd_bus_message_read_array(call, 'y', &text, &size), cannot_answer);
  if (size != 0) instead.text.assign(static_cast<const char*>(text), size);
  polkit_.ask(call, "org.iopslimit1.reload", [this, call, instead = std::move(instead)] {
    PreviewAnswer answer = answers_.preview(instead);
    if (!answer.errors.empty()) return reply_error(call, config_refused, lines_of(answer.errors));
    lists_.reply_pieces(call, [next = std::move(answer.next)](std::vector<Fields>& some) {
      PreviewView found;
      const bool more = next(found);
      some = fields_of(found);
      return more;
    });
  });
}

void BusService::clear(sd_bus_message* call) {
  polkit_.ask(call, "org.iopslimit1.clear", [this, call] {
    answers_.clear();
    reply_nothing(call);
  });
}

// Resolves the name only after the authorization: its meaning may have changed while polkit asked.
template <class Act>
void BusService::act_on(sd_bus_message* call, const std::string& word, const Act& act) {
  polkit_.ask(call, "org.iopslimit1.pause",
              [this, call, word, act] { lists_.choose(call, word, act); });
}

void BusService::pause(sd_bus_message* call) {
  const std::string word = read_word(call);
  std::uint64_t seconds = 0;
  check(sd_bus_message_read(call, "t", &seconds), cannot_answer);
  const auto most = static_cast<std::uint64_t>(Pauses::longest.count());
  if (seconds == 0 || seconds > most)
    return reply_error(call, bad_time,
                       "a pause lasts from 1 s to " + to_text(Pauses::longest) +
                           ": for good, set 'exempt = yes' in a [policy]");
  act_on(call, word, [this, call, seconds](const Selector& selector) {
    answers_.pause(selector, std::chrono::seconds(seconds));
    reply_choice(call, selector);
  });
}

void BusService::resume(sd_bus_message* call) {
  act_on(call, read_word(call), [this, call](const Selector& selector) {
    if (answers_.resume(selector)) return reply_choice(call, selector);
    reply_error(call, not_paused,
                selector.shown + " is not paused" +
                    (selector.pod ? " as a whole: resume its containers"
                                  : ": if its pod is, resume the pod"));
  });
}

// The bus, if it takes what the service sends. A signal that would wait behind many others is not
// sent.
sd_bus* BusService::listening_bus() {
  sd_bus* bus = link_.bus();
  if (bus != nullptr && Callers::has_waiting(bus)) link_.probe();
  return bus != nullptr && Callers::may_signal(bus) ? bus : nullptr;
}

void BusService::emit(const Event& event) {
  const char* signal = signal_of(event.action);
  sd_bus* bus = listening_bus();
  if (signal == nullptr || bus == nullptr) return;
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_signal(bus, &message, bus_path, bus_interface, signal), signal);
  const BusMessage owned(message);
  append_fields(message, fields_of(event));
  sd_bus_send(bus, message, nullptr);
}

void BusService::devices_changed() {
  sd_bus* bus = listening_bus();
  if (bus == nullptr) return;
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_signal(bus, &message, bus_path, bus_interface, "DeviceChanged"),
        "DeviceChanged");
  const BusMessage owned(message);
  append_list(message, properties().devices);
  sd_bus_send(bus, message, nullptr);
  sd_bus_emit_properties_changed(bus, bus_path, bus_interface, "Devices", "Waiting", nullptr);
}

void BusService::reloaded() {
  sd_bus* bus = listening_bus();
  if (bus == nullptr) return;
  sd_bus_emit_properties_changed(bus, bus_path, bus_interface, "LastReload", "ReloadRefused",
                                 "Cleared", "Scope", nullptr);
}

}  // namespace iopslimit
