// SPDX-License-Identifier: Apache-2.0
// Reads all properties of the service over one connection to its private socket.
//   bench_get_all SOCKET  < COUNTS  > COUNTS
// For each number on standard input it makes so many calls, one after the other, and prints the
// number when the last one is answered.
#include <systemd/sd-bus.h>

#include <cstdio>
#include <iostream>
#include <string>

namespace {

bool connect(sd_bus*& bus, const std::string& socket) {
  return sd_bus_new(&bus) >= 0 && sd_bus_set_address(bus, ("unix:path=" + socket).c_str()) >= 0 &&
         sd_bus_start(bus) >= 0;
}

bool get_all(sd_bus* bus) {
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call_method(bus, "org.iopslimit1", "/org/iopslimit1",
                                        "org.freedesktop.DBus.Properties", "GetAll", nullptr,
                                        &reply, "s", "org.iopslimit1.Manager");
  sd_bus_message_unref(reply);
  return result >= 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sd_bus* bus = nullptr;
  if (!connect(bus, argv[1])) return 1;
  for (unsigned count = 0; std::cin >> count;) {
    for (unsigned call = 0; call < count; ++call) {
      if (!get_all(bus)) {
        std::fprintf(stderr, "GetAll has no answer\n");
        return 1;
      }
    }
    std::cout << count << std::endl;
  }
  sd_bus_unref(bus);
}
