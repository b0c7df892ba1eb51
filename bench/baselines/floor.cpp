// SPDX-License-Identifier: Apache-2.0
// The least that any user-space program can do: an inotify loop that writes the same text into the
// limit files of every directory at a container's depth. It reads no record, decides nothing,
// checks nothing, forgets nothing. SIGHUP: another number for all of them.
//   bench_floor ROOT DEVICE FILE...      FILE is io.max, or v1's blkio.throttle.* files
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// kubepods.slice, kubepods-burstable.slice, kubepods-burstable-podUID.slice; then the container.
constexpr unsigned container_depth = 4;

struct Place {
  std::string path;
  unsigned depth = 0;
};

int watcher = -1;
std::vector<Place> places;  // by watch descriptor
std::string device;
std::vector<std::string> files;
unsigned iops = 500;
volatile std::sig_atomic_t again = 0;

void limit(const std::string& container) {
  for (const std::string& file : files) {
    const int fd = open((container + "/" + file).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const std::string number = std::to_string(iops);
    const std::string line = file == "io.max"
                                 ? device + " riops=" + number + " wiops=" + number + "\n"
                                 : device + " " + number + "\n";
    [[maybe_unused]] const auto ignored = write(fd, line.data(), line.size());
    close(fd);
  }
}

void meet(const std::string& path, unsigned depth) {
  if (depth == container_depth) return limit(path);
  const int watch = inotify_add_watch(watcher, path.c_str(), IN_CREATE | IN_ONLYDIR);
  if (watch < 0) return;
  if (places.size() <= static_cast<std::size_t>(watch))
    places.resize(static_cast<std::size_t>(watch) + 1);
  places[static_cast<std::size_t>(watch)] = {path, depth};
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      meet(path + "/" + entry->d_name, depth + 1);
  }
  closedir(folder);
}

void say_ready() {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = name;
  text.copy(address.sun_path, sizeof address.sun_path - 1);
  if (text.front() == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  sendto(fd, "READY=1", 7, 0, reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

void read_events() {
  alignas(inotify_event) std::array<char, 65536> buffer;
  const ssize_t size = read(watcher, buffer.data(), buffer.size());
  for (const char* at = buffer.data(); at < buffer.data() + size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(at);
    at += sizeof(inotify_event) + event->len;
    if ((event->mask & IN_ISDIR) == 0 || event->len == 0 || event->wd < 0) continue;
    const Place place = places[static_cast<std::size_t>(event->wd)];
    meet(place.path + "/" + event->name, place.depth + 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  device = argv[2];
  files.assign(argv + 3, argv + argc);
  struct sigaction action {};
  action.sa_handler = [](int) { again = 1; };
  sigaction(SIGHUP, &action, nullptr);
  watcher = inotify_init1(IN_CLOEXEC);
  const std::string root = std::string(argv[1]) + "/kubepods.slice";
  meet(root, 1);
  say_ready();
  for (;;) {
    read_events();
    if (again == 0) continue;
    again = 0;
    iops += 100;
    meet(root, 1);
    say_ready();
  }
}
