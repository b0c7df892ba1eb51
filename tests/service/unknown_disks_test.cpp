// SPDX-License-Identifier: Apache-2.0
// The kernel refuses to tell what is mounted: the limits stay, and the service says so.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "loop/file.hpp"
#include "loop/local_socket.hpp"
#include "support/real_service.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::unknown_disks_test {
namespace {

/// Until the end of the object, reading this process's mountinfo through a descriptor that is open
/// already fails with EIO.
class UnreadableMountinfo {
 public:
  UnreadableMountinfo() {
    const std::string mountinfo = "/proc/" + std::to_string(getpid()) + "/mountinfo";
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(one.path(), gone) == mountinfo)
        of_.push_back(std::stoi(one.path().filename().string()));
    }
    const File fails = open_at(AT_FDCWD, "/proc/self/mem", O_RDONLY).value_or(File());
    for (const int one : of_) {
      kept_.emplace_back(dup(one));
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
    const auto address = local_address(tree_.at("/notify"));
    EXPECT_TRUE(address && bind(socket_.fd(), address->get(), address->size) == 0);
    setenv("NOTIFY_SOCKET", tree_.at("/notify").c_str(), 1);
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
}  // namespace iopslimit::unknown_disks_test
