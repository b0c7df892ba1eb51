// SPDX-License-Identifier: Apache-2.0
// A systemd of the test's own on a bus of the test's own: it takes SetUnitProperties and remembers.
#pragma once

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "loop/event_loop.hpp"
#include "support/private_bus.hpp"

namespace iopslimit {

class FakeSystemd {
 public:
  using Entries = std::vector<std::pair<std::string, std::uint64_t>>;
  struct Asked {
    std::string unit;
    bool runtime = false;
    std::map<std::string, Entries> properties;
  };

  FakeSystemd(const PrivateBus& bus, EventLoop& loop) : connection_(bus.connect()) {
    sd_bus* own = connection_.get();
    EXPECT_GE(sd_bus_add_object_vtable(own, nullptr, "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", vtable, this),
              0);
    EXPECT_GE(sd_bus_request_name(own, "org.freedesktop.systemd1", 0), 0);
    EXPECT_GE(sd_bus_attach_event(own, loop.event(), 0), 0);
  }
  ~FakeSystemd() { sd_bus_detach_event(connection_.get()); }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  std::vector<Asked> requested;
  std::string error;                          // the answer to all; empty: taken
  bool silent = false;                        // no answer at all
  std::function<void(const Asked&)> applies;  // to the kernel, before the answer

  /// The IOPS that the unit is to have for reading, of every device it was told of.
  Entries read_iops(const std::string& unit) const {
    for (auto one = requested.rbegin(); one != requested.rend(); ++one) {
      if (one->unit == unit) return one->properties.at("IOReadIOPSMax");
    }
    return {};
  }

 private:
  static Asked read(sd_bus_message* call) {
    Asked one;
    const char* text = nullptr;
    int runtime = 0;
    EXPECT_GE(sd_bus_message_read(call, "sb", &text, &runtime), 0);
    one.unit = text;
    one.runtime = runtime != 0;
    EXPECT_GE(sd_bus_message_enter_container(call, 'a', "(sv)"), 0);
    while (sd_bus_message_enter_container(call, 'r', "sv") > 0) {
      EXPECT_GE(sd_bus_message_read(call, "s", &text), 0);
      Entries& entries = one.properties[text];
      EXPECT_GE(sd_bus_message_enter_container(call, 'v', "a(st)"), 0);
      EXPECT_GE(sd_bus_message_enter_container(call, 'a', "(st)"), 0);
      std::uint64_t value = 0;
      while (sd_bus_message_read(call, "(st)", &text, &value) > 0)
        entries.emplace_back(text, value);
      for (int i = 0; i < 3; ++i) EXPECT_GE(sd_bus_message_exit_container(call), 0);
    }
    return one;
  }
  static int answer(sd_bus_message* call, void* self, sd_bus_error*) {
    auto* systemd = static_cast<FakeSystemd*>(self);
    systemd->requested.push_back(read(call));
    if (systemd->silent) return 1;
    if (!systemd->error.empty())
      return sd_bus_reply_method_errorf(call, systemd->error.c_str(), "it said no");
    if (systemd->applies) systemd->applies(systemd->requested.back());
    return sd_bus_reply_method_return(call, "");
  }

  static inline const sd_bus_vtable vtable[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", answer, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_VTABLE_END};
  PrivateBus::Connection connection_;
};

}  // namespace iopslimit
