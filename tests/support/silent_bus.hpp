// SPDX-License-Identifier: Apache-2.0
// A bus that stops answering, as one does whose process hangs.
#pragma once

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "loop/file.hpp"
#include "loop/io.hpp"
#include "loop/local_socket.hpp"

namespace iopslimit {

/// While it lives, sd-bus waits a second for an answer, and not 25
/// (sd_bus_get_method_call_timeout).
struct ShortBusTimeout {
  ShortBusTimeout() { setenv("SYSTEMD_BUS_TIMEOUT", "1s", 1); }
  ~ShortBusTimeout() { unsetenv("SYSTEMD_BUS_TIMEOUT"); }
  ShortBusTimeout(const ShortBusTimeout&) = delete;
  ShortBusTimeout& operator=(const ShortBusTimeout&) = delete;
};

/// The opposite: on a machine with much else to do an answer may take its time.
struct LongBusTimeout {
  LongBusTimeout() { setenv("SYSTEMD_BUS_TIMEOUT", "10min", 1); }
  ~LongBusTimeout() { unsetenv("SYSTEMD_BUS_TIMEOUT"); }
  LongBusTimeout(const LongBusTimeout&) = delete;
  LongBusTimeout& operator=(const LongBusTimeout&) = delete;
};

/// Lets everybody in (Hello), and answers nothing else.
class SilentBus {
 public:
  SilentBus(EventLoop& loop, const std::string& path)
      : loop_(loop),
        path_(path),
        listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const auto local = local_address(path);
    EXPECT_EQ(bind(listening_.fd(), local->get(), local->size), 0);
    EXPECT_EQ(listen(listening_.fd(), SOMAXCONN), 0);
    accepting_ = std::make_unique<Io>(loop, listening_.fd(), EPOLLIN, [this] { accept_one(); });
  }
  ~SilentBus() { unlink(path_.c_str()); }
  SilentBus(const SilentBus&) = delete;
  SilentBus& operator=(const SilentBus&) = delete;

  /// How many requests for a name it has had.
  int asked_for_names() const { return asked_; }

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };

  void accept_one() {
    sd_bus* bus = nullptr;
    sd_id128_t id{};
    EXPECT_GE(sd_id128_randomize(&id), 0);
    EXPECT_GE(sd_bus_new(&bus), 0);
    all_.emplace_back(bus);
    const int fd = accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    EXPECT_GE(sd_bus_set_fd(bus, fd, fd), 0);
    EXPECT_GE(sd_bus_set_server(bus, 1, id), 0);
    EXPECT_GE(sd_bus_start(bus), 0);
    EXPECT_GE(sd_bus_add_filter(bus, nullptr, hear, this), 0);
    EXPECT_GE(sd_bus_attach_event(bus, loop_.event(), 0), 0);
  }
  static int hear(sd_bus_message* call, void* self, sd_bus_error*) {
    constexpr const char* driver = "org.freedesktop.DBus";
    if (sd_bus_message_is_method_call(call, driver, "Hello") > 0)
      return sd_bus_reply_method_return(call, "s", ":1.1");
    if (sd_bus_message_is_method_call(call, driver, "RequestName") > 0)
      ++static_cast<SilentBus*>(self)->asked_;
    return 1;
  }

  EventLoop& loop_;
  std::string path_;
  File listening_;
  std::unique_ptr<Io> accepting_;
  std::vector<std::unique_ptr<sd_bus, Close>> all_;
  int asked_ = 0;
};

}  // namespace iopslimit
