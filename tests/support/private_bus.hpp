// SPDX-License-Identifier: Apache-2.0
// A dbus-daemon of the test's own, to be stopped and started again at the same address.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>

#include "support/temp_tree.hpp"

namespace iopslimit {

class PrivateBus {
 public:
  PrivateBus() {
    chmod(tree_.root().c_str(), 0777);  // other users connect, and the daemon is one of them
    tree_.file("bus.conf",
               "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
               "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
               "<busconfig><listen>" +
                   address() +
                   "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                   "<allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"method_call\"/>"
                   "<allow send_type=\"signal\"/><allow send_requested_reply=\"true\"/>"
                   "<allow receive_sender=\"*\"/></policy></busconfig>\n");
  }
  ~PrivateBus() { stop(); }
  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;

  std::string socket() const { return tree_.at("socket"); }
  std::string address() const { return "unix:path=" + socket(); }

  /// A path in the folder of its socket.
  std::string beside(const std::string& name) const { return tree_.at(name); }

  /// Returns when it listens.
  void start() {
    int ready[2];
    ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
    pid_ = fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
      dup2(ready[1], STDOUT_FILENO);
      // As root it wants more open files than a container lets it have.
      if (geteuid() == 0 && setuid(65534) != 0) _exit(126);
      const std::string config = "--config-file=" + tree_.at("bus.conf");
      execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", "--nopidfile", "--nosyslog",
             "--print-address=1", nullptr);
      _exit(127);
    }
    close(ready[1]);
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1) << "dbus-daemon did not start";
    close(ready[0]);
  }
  /// Ends it, and every connection with it; the socket's name goes too.
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    tree_.remove("socket");
    pid_ = -1;
  }

  /// It reads nothing and accepts nobody, but keeps every connection, until it is resumed.
  void suspend() const {
    ASSERT_EQ(kill(pid_, SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(waitpid(pid_, &status, WUNTRACED), pid_);
  }
  void resume() const { ASSERT_EQ(kill(pid_, SIGCONT), 0); }

  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
  };
  using Connection = std::unique_ptr<sd_bus, Close>;
  Connection connect() const {
    sd_bus* bus = nullptr;
    EXPECT_GE(sd_bus_new(&bus), 0);
    EXPECT_GE(sd_bus_set_address(bus, address().c_str()), 0);
    EXPECT_GE(sd_bus_set_bus_client(bus, 1), 0);
    EXPECT_GE(sd_bus_start(bus), 0);
    return Connection(bus);
  }

 private:
  TempTree tree_;
  pid_t pid_ = -1;
};

}  // namespace iopslimit
