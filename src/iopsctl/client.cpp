// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/client.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "api/bus_connection.hpp"
#include "api/bus_service.hpp"
#include "api/snapshot_fields.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr const char* cannot_ask = "cannot write a call to the service";

CallRefused no_answer() {
  return {SD_BUS_ERROR_TIMEOUT, "the service does not answer: systemctl status iops-limitd"};
}

[[noreturn]] void fail(int result, const sd_bus_error& error) {
  const std::string name = error.name == nullptr ? "" : error.name;
  const std::string text =
      error.message == nullptr ? std::generic_category().message(-result) : error.message;
  if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER)
    throw NotRunning("nobody on the system bus is org.iopslimit1");
  if (name == SD_BUS_ERROR_DISCONNECTED || result == -ECONNRESET || result == -ENOTCONN)
    throw NotRunning("the connection was closed");
  if (result == -ETIMEDOUT || name == SD_BUS_ERROR_NO_REPLY) throw no_answer();
  throw CallRefused(name, text);
}

Fields renamed(Fields fields) {
  for (Field& field : fields) field.name = field_of_bus_name(field.name);
  return fields;
}

template <class View>
std::vector<View> views_of(const std::vector<Fields>& list) {
  std::vector<View> views(list.size());
  for (std::size_t at = 0; at < list.size(); ++at) read_fields(list[at], views[at]);
  return views;
}

std::string text_of(const Fields& fields, const char* name) {
  const FieldValue* value = find_field(fields, name);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

Match match_of(const BusMessage& reply) {
  const Fields fields = read_dictionary(reply.get());
  return {text_of(fields, "name"), text_of(fields, "cgroup"), text_of(fields, "pod_uid")};
}

BusMessage new_call(sd_bus* bus, const char* interface, const char* method) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus, &message, bus_name, bus_path, interface, method),
        cannot_ask);
  return BusMessage(message);
}

// Starts a connection; `result` is negative when that fails. Only a bus expects a Hello.
ClientConnection connection_to(const std::string& address, bool is_bus, int& result) {
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus), "sd_bus_new");
  ClientConnection connection(bus);
  check(sd_bus_set_address(bus, address.c_str()), "sd_bus_set_address");
  check(sd_bus_set_bus_client(bus, is_bus ? 1 : 0), "sd_bus_set_bus_client");
  result = sd_bus_start(bus);
  return connection;
}

}  // namespace

ClientConnection connect_to_bus(const std::string& address) {
  int result = 0;
  ClientConnection connection = connection_to(address, true, result);
  if (result < 0)
    throw NotRunning("no system bus (" + address +
                     "): " + std::generic_category().message(-result));
  return connection;
}

Client::Client(const Paths& paths) {
  if (!connect_to_socket(paths.socket)) bus_ = connect_to_bus(system_bus_address());
}

// Returns false when there is no socket or no permission to use it. Waits for the handshake itself,
// because sd_bus_call() would wait 90 s for a service that hangs.
bool Client::connect_to_socket(const std::string& path) {
  int result = 0;
  bus_ = connection_to("unix:path=" + path, false, result);
  if (result == -EAGAIN) throw no_answer();  // the backlog is full: nobody accepts
  const auto until = std::chrono::steady_clock::now() + patience;
  while (result >= 0 && sd_bus_is_ready(bus_.get()) == 0) {
    const std::chrono::microseconds left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) throw no_answer();
    result = sd_bus_process(bus_.get(), nullptr);
    if (result == 0) result = sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left.count()));
  }
  return result >= 0;
}

BusMessage Client::call(const char* interface, const char* method, const std::string& text,
                        std::uint64_t number, bool patient) {
  BusMessage message = new_call(bus_.get(), interface, method);
  if (!text.empty()) check(sd_bus_message_append(message.get(), "s", text.c_str()), cannot_ask);
  if (number != 0) check(sd_bus_message_append(message.get(), "t", number), cannot_ask);
  return send(message.get(), patient);
}

BusMessage Client::send(sd_bus_message* message, bool patient) {
  check(sd_bus_message_set_allow_interactive_authorization(message, patient ? 1 : 0), cannot_ask);
  sd_bus_error error{};
  sd_bus_message* reply = nullptr;
  constexpr std::uint64_t usec = std::chrono::microseconds(patience).count();
  const int result = sd_bus_call(bus_.get(), message, patient ? UINT64_MAX : usec, &error, &reply);
  if (result >= 0) return BusMessage(reply);
  const std::unique_ptr<sd_bus_error, decltype(&sd_bus_error_free)> freed(&error,
                                                                          sd_bus_error_free);
  fail(result, error);
}

Snapshot Client::snapshot() {
  Snapshot snapshot;
  const BusMessage all = call("org.freedesktop.DBus.Properties", "GetAll", bus_interface, 0, false);
  const auto list = [&](const std::string& name) {
    if (name == "Devices") snapshot.devices = views_of<DeviceView>(read_list(all.get()));
    if (name == "Totals") snapshot.totals = views_of<TotalView>(read_list(all.get()));
    return name == "Devices" || name == "Totals";
  };
  read_fields(renamed(read_dictionary(all.get(), list)), snapshot);
  const BusMessage containers = call(bus_interface, "ListContainers", {}, 0, false);
  snapshot.containers = views_of<WorkloadView>(read_list(containers.get()));
  return snapshot;
}

void Client::ping() {
  call("org.freedesktop.DBus.Peer", "Ping", {}, 0, false);
}

std::vector<Explained> Client::explain(const std::string& name) {
  const BusMessage reply = call(bus_interface, "Explain", name, 0, false);
  std::vector<Explained> all;
  for (const Fields& fields : read_list(reply.get())) {
    Explained one;
    read_fields(fields, one.container);
    const FieldValue* steps = find_field(fields, "steps");
    if (const auto* texts =
            steps == nullptr ? nullptr : std::get_if<std::vector<std::string>>(steps))
      one.steps = *texts;
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<Advice> Client::advice() {
  const BusMessage reply = call(bus_interface, "ListAdvice", {}, 0, false);
  return views_of<Advice>(read_list(reply.get()));
}

PreviewView Client::preview(const Replacement& instead) {
  const BusMessage message = new_call(bus_.get(), bus_interface, "Preview");
  check(sd_bus_message_append(message.get(), "s", instead.file.c_str()), cannot_ask);
  check(sd_bus_message_append_array(message.get(), 'y', instead.text.data(), instead.text.size()),
        cannot_ask);
  const BusMessage reply = send(message.get(), true);
  PreviewView view;
  for (const Fields& fields : read_list(reply.get())) read_fields(fields, view);
  return view;
}

BusMessage Client::act(const char* method, const std::string& name, std::uint64_t seconds) {
  return call(bus_interface, method, name, seconds, true);
}

Match Client::pause(const std::string& name, std::chrono::seconds span) {
  return match_of(act("Pause", name, static_cast<std::uint64_t>(span.count())));
}

Match Client::resume(const std::string& name) {
  return match_of(act("Resume", name, 0));
}

}  // namespace iopslimit
