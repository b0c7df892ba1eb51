// SPDX-License-Identifier: Apache-2.0
// The kernel refuses to tell what is mounted: the limits stay, and the service says so.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "loop/file.hpp"
#include "support/real_service.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

/// Every descriptor of this process on its own mountinfo reads another file until the end.
class UnreadableMountinfo {
 public:
  UnreadableMountinfo() {
    const std::string mountinfo = "/proc/" + std::to_string(getpid()) + "/mountinfo";
    std::vector<int> all;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(one.path(), gone) == mountinfo)
        all.push_back(std::stoi(one.path().filename().string()));
    }
    std::error_code error;
    const File fails = open_at(AT_FDCWD, "/proc/self/mem", O_RDONLY, error);  // at 0: EIO
    for (const int one : all) {
      kept_.emplace_back(dup(one));
      of_.push_back(one);
      dup2(fails.fd(), one);
    }
  }
  ~UnreadableMountinfo() {
    for (std::size_t i = 0; i < of_.size(); ++i) dup2(kept_[i].fd(), of_[i]);
  }
  UnreadableMountinfo(const UnreadableMountinfo&) = delete;
  UnreadableMountinfo& operator=(const UnreadableMountinfo&) = delete;

  bool any() const { return !of_.empty(); }

 private:
  std::vector<File> kept_;
  std::vector<int> of_;
};

/// The last STATUS that was sent to systemd.
class LastStatus {
 public:
  LastStatus() : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    tree_.at("/notify").copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
  }
  ~LastStatus() { unsetenv("NOTIFY_SOCKET"); }
  LastStatus(const LastStatus&) = delete;
  LastStatus& operator=(const LastStatus&) = delete;

  bool has(const std::string& text) {
    std::string message(16384, '\0');
    for (ssize_t size = 0; (size = recv(socket_.fd(), message.data(), message.size(), 0)) > 0;) {
      const std::string one = message.substr(0, static_cast<std::size_t>(size));
      if (one.find("STATUS=") != std::string::npos) last_ = one;
    }
    return last_.find(text) != std::string::npos;
  }

 private:
  TempTree tree_;
  File socket_;
  std::string last_;
};

constexpr const char* said = "the disks that were found last stay limited";

class UnknownDisks : public testing::TestWithParam<CgroupVersion> {};

TEST_P(UnknownDisks, KeepTheirLimitsAndAreFoundAgain) {
  LastStatus status;
  RealService service(GetParam());
  const std::string before = service.make(1, 0);
  service.finish();
  ASSERT_TRUE(service.limited(before));
  {
    const UnreadableMountinfo unreadable;
    ASSERT_TRUE(unreadable.any());
    service.reload(300);
    const std::string during = service.make(2, 0);
    service.finish();
    EXPECT_TRUE(service.limited(before, "300"));
    EXPECT_TRUE(service.limited(during, "300"));
    EXPECT_TRUE(status.has(said));
  }
  service.turn_until([&] { return !status.has(said); });  // without another event
  service.reload(200);
  EXPECT_TRUE(service.limited(before, "200"));
  EXPECT_FALSE(status.has(said));
}

INSTANTIATE_TEST_SUITE_P(Versions, UnknownDisks,
                         testing::Values(CgroupVersion::v2, CgroupVersion::v1));

}  // namespace
}  // namespace iopslimit
