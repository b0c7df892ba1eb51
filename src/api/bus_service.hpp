// SPDX-License-Identifier: Apache-2.0
// org.iopslimit1.Manager on the system bus and on the private socket: the service's properties,
// methods and signals. See org.iopslimit1(5).
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/bus_connection.hpp"
#include "api/callers.hpp"
#include "api/lists.hpp"
#include "api/polkit.hpp"
#include "api/preview_view.hpp"
#include "api/private_socket.hpp"
#include "api/selector.hpp"
#include "api/snapshot.hpp"
#include "api/snapshot_fields.hpp"
#include "config/files.hpp"
#include "loop/event_loop.hpp"
#include "report/event.hpp"

namespace iopslimit {

/// The names that users see.
inline constexpr const char* bus_name = "org.iopslimit1";
inline constexpr const char* bus_path = "/org/iopslimit1";
inline constexpr const char* bus_interface = "org.iopslimit1.Manager";
inline constexpr const char* config_refused = "org.iopslimit1.Error.ConfigurationRefused";
inline constexpr const char* not_paused = "org.iopslimit1.Error.NotPaused";
inline constexpr const char* bad_time = "org.iopslimit1.Error.BadTime";

/// Returns the callbacks' answers to callers and checks who may change something; makes no other
/// decisions.
class BusService {
 public:
  /// What a reload would do.
  struct PreviewAnswer {
    std::vector<std::string> errors;  ///< of the configuration: it would be refused
    /// Otherwise finds some of the changes; false: it was the last time.
    std::function<bool(PreviewView& found)> next = {};
  };
  /// Some advice, what comes after this one; null: from the first on. None: there is no further
  /// one.
  using NextAdvice = std::function<std::vector<Advice>(const Advice* after)>;
  struct Answers {
    Lists::Containers containers;
    std::function<Summary()> summary;
    /// Changes whenever the result of summary() may have changed.
    std::function<std::uint64_t()> revision;
    /// The steps of the decision about a container, one sentence each.
    std::function<std::vector<std::string>(const WorkloadView&)> explain;
    /// Empty on success. Otherwise the errors of the configuration; the older one stays in force.
    std::function<std::vector<std::string>()> reload;
    std::function<void()> clear;
    std::function<void(const Selector&, std::chrono::seconds)> pause;
    std::function<bool(const Selector&)> resume;  ///< false if it was not paused
    NextAdvice advice = [](const Advice*) { return std::vector<Advice>(); };
    std::function<PreviewAnswer(const Replacement&)> preview = [](const Replacement&) {
      return PreviewAnswer{.errors = {}, .next = [](PreviewView&) { return false; }};
    };
  };
  /// As in BusConnection::Handlers.
  struct Reports {
    std::function<void(const std::string& text, bool wrong)> announce;
    std::function<void(const std::string& why)> away;
  };

  /// `address` is the address of the bus, `socket` the path of the private socket (PrivateSocket).
  BusService(EventLoop& loop, const std::string& address, const std::string& socket,
             Answers answers, const Reports& reports);

  /// Sends the signal for an event: ContainerLimited, ContainerExempted or DriftRepaired.
  void emit(const Event& event);
  /// Sends DeviceChanged, and PropertiesChanged for Devices and Waiting.
  void devices_changed();
  /// Signals that LastReload, ReloadRefused, Cleared and Scope may have changed.
  void reloaded();

 private:
  using Method = void (BusService::*)(sd_bus_message* call);
  template <Method method>
  static int call(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
  static int incoming(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
  static int property(sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                      void* self, sd_bus_error*) noexcept;
  static const sd_bus_vtable vtable[];

  /// The values of the properties, built once for each revision.
  struct Properties {
    std::uint64_t revision = 0;
    Fields fields;
    std::vector<Fields> devices;
    std::vector<Fields> totals;
  };

  void be_on(sd_bus* bus);
  sd_bus* listening_bus();
  const Properties& properties();
  void append_property(const std::string& name, sd_bus_message* reply);
  void list_containers(sd_bus_message* call);
  void list_pods(sd_bus_message* call);
  void list_advice(sd_bus_message* call);
  void explain(sd_bus_message* call);
  void reload(sd_bus_message* call);
  void preview(sd_bus_message* call);
  void clear(sd_bus_message* call);
  void pause(sd_bus_message* call);
  void resume(sd_bus_message* call);
  template <class Act>
  void act_on(sd_bus_message* call, const std::string& word, const Act& act);

  Answers answers_;
  std::optional<Properties> properties_;
  Callers callers_;
  Lists lists_;
  Polkit polkit_;
  BusConnection link_;
  PrivateSocket peers_;
};

}  // namespace iopslimit
