// SPDX-License-Identifier: Apache-2.0
// What one container costs the real service from its event to its limit, in numbers that do not
// vary: system calls, and allocations. And the system calls for each container of a first pass and
// of a reload. A change of one of them is a decision: change the number here with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "loop/local_socket.hpp"
#include "support/real_service.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace iopslimit::hot_path_test {
namespace {

using Calls = std::vector<std::string>;

/// Containers of one pod, or each in a pod of its own.
enum class Pods { one, many };

constexpr unsigned most = 6;  // containers

unsigned pod_of(Pods pods, unsigned container) {
  return pods == Pods::one ? 0 : container;
}

std::string name_of(std::uint64_t call) {
  static const std::map<std::uint64_t, std::string> names{
      {SYS_read, "read"},        {SYS_openat, "openat"},         {SYS_openat2, "openat2"},
      {SYS_close, "close"},      {SYS_pread64, "pread"},         {SYS_pwrite64, "pwrite"},
      {SYS_write, "write"},      {SYS_access, "access"},         {SYS_inotify_add_watch, "watch"},
      {SYS_fstat, "fstat"},      {SYS_epoll_wait, "epoll_wait"}, {SYS_mmap, "allocator"},
      {SYS_munmap, "allocator"}, {SYS_madvise, "allocator"},     {SYS_brk, "allocator"},
      {SYS_newfstatat, "stat"},  {SYS_statx, "statx"},           {SYS_sendto, "send"}};
  const auto found = names.find(call);
  return found == names.end() ? "call " + std::to_string(call) : found->second;
}

/// A runtime's socket on which nobody answers.
struct SilentSocket {
  TempTree tree;
  std::string path = tree.at("/cri.sock");
  File listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

  SilentSocket() {
    const auto local = local_address(path);
    if (bind(listener.fd(), local->get(), local->size) != 0 || listen(listener.fd(), 8) != 0)
      throw std::runtime_error("no socket");
  }
};

/// Whether there is one, and the service asks it.
enum class Socket { none, silent };

// Traced by its parent, which counts from one getsid() to the next.
[[noreturn]] void be_counted(CgroupVersion version, Pods pods, Socket socket) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
  const SilentSocket silent;
  RealService service(version, most, {}, "", socket == Socket::silent ? silent.path : "");
  raise(SIGSTOP);
  for (unsigned number = 0; number < 3; ++number) {
    service.finish();
    const std::string cgroup = service.make(number, pod_of(pods, number));
    if (number == 2) syscall(SYS_getsid, 0);
    service.turn();
    if (number == 2) syscall(SYS_getsid, 0);
    if (!service.limited(cgroup)) _exit(1);
  }
  _exit(0);
}

// Every call after the read of the event until the turn of the loop is over; the allocator's are
// left out, because the sanitizer's is another one.
Calls after_the_event(const Calls& calls) {
  const auto event = std::ranges::find(calls, "read");
  Calls rest(event == calls.end() ? event : event + 1, calls.end());
  std::erase(rest, "allocator");
  return rest;
}

/// What a child that runs `be_traced` calls from one getsid() to the next. `status`: how it ended.
template <typename BeTraced>
Calls calls_of(const BeTraced& be_traced, int& status) {
  Calls calls;
  const pid_t child = fork();
  if (child == 0) be_traced();
  waitpid(child, &status, 0);
  if (WIFSTOPPED(status)) ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD);
  bool counting = false;
  while (WIFSTOPPED(status)) {
    __ptrace_syscall_info call{};
    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call);
    if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
      if (call.entry.nr == SYS_getsid) {
        counting = !counting;
      } else if (counting) {
        calls.push_back(name_of(call.entry.nr));
      }
    }
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    waitpid(child, &status, 0);
  }
  return calls;
}

struct CostRow {
  CgroupVersion version;
  Pods pods;
  Calls calls;
  std::size_t allocations;
  Socket socket = Socket::none;
};

std::string name_of(const CostRow& row) {
  return std::string(row.version == CgroupVersion::v2 ? "V2" : "V1") +
         (row.pods == Pods::one ? "" : "InAPodOfItsOwn") +
         (row.socket == Socket::none ? "" : "WithASocket");
}

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const CostRow& row, std::ostream* out) {
  *out << name_of(row);
}

class HotPath : public testing::TestWithParam<CostRow> {};

TEST_P(HotPath, MakesTheseSystemCallsForOneContainer) {
  int status = 0;
  const auto be_traced = [row = GetParam()] { be_counted(row.version, row.pods, row.socket); };
  const Calls calls = calls_of(be_traced, status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "ptrace is not allowed here";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(after_the_event(calls), GetParam().calls);
}

TEST_P(HotPath, AllocatesThisOftenForOneContainer) {
  const SilentSocket silent;
  RealService service(GetParam().version, most, {}, "",
                      GetParam().socket == Socket::silent ? silent.path : "");
  std::vector<std::size_t> counts;
  for (unsigned number = 0; number < most; ++number) {
    service.finish();
    const std::string cgroup = service.make(number, pod_of(GetParam().pods, number));
    const std::size_t before = allocations;
    service.turn();
    counts.push_back(allocations - before);
    ASSERT_TRUE(service.limited(cgroup));
  }
  counts.erase(counts.begin(), counts.begin() + 2);  // buffers had to grow
  EXPECT_THAT(counts, testing::Each(GetParam().allocations));
}

// The record is read, then the limit written. Nothing of a fresh cgroup is read before; what was
// written is read back later.
const Calls v2_calls{"openat2", "pread", "close", "openat", "pwrite", "close"};
// Two limits are written, none where none is set. Once they are in force, the scope is watched for
// the child into which crun moves the processes: the limits do not hold in it.
const Calls v1_calls{"openat2", "pread",  "close", "openat", "pwrite", "close",
                     "openat",  "pwrite", "close", "watch",  "access"};

// The folder of the new pod is opened, and that of the last one closed.
Calls in_a_new_pod(Calls calls) {
  calls.insert(calls.begin() + 3, {"openat", "close"});
  return calls;
}

INSTANTIATE_TEST_SUITE_P(
    Costs, HotPath,
    testing::Values(
        CostRow{CgroupVersion::v2, Pods::one, v2_calls, 12},
        CostRow{CgroupVersion::v2, Pods::many, in_a_new_pod(v2_calls), 12},
        // 11 until the limits are in force, the rest to remember the watch.
        CostRow{CgroupVersion::v1, Pods::one, v1_calls, 22},
        CostRow{CgroupVersion::v1, Pods::many, in_a_new_pod(v1_calls), 22},
        // The runtime is asked later.
        CostRow{CgroupVersion::v2, Pods::many, in_a_new_pod(v2_calls), 12, Socket::silent},
        CostRow{CgroupVersion::v1, Pods::many, in_a_new_pod(v1_calls), 22, Socket::silent}),
    [](const auto& row) { return name_of(row.param); });

using Counts = std::map<std::string, int>;

/// What all containers are limited in, and how many messages systemd gets until it is done: the
/// last one says READY.
enum class Pass { start, reload };

int messages_of(Pass pass) {
  return pass == Pass::start ? 1 : 2;
}

// Traced by its parent.
[[noreturn]] void be_counted_in(Pass pass, CgroupVersion version, unsigned containers) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
  const TempTree folder;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  folder.at("/notify").copy(address.sun_path, sizeof address.sun_path - 1);
  const int systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(systemd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(2);
  RealService service(version);
  std::vector<std::string> cgroups;
  for (unsigned number = 0; number < containers; ++number)
    cgroups.push_back(service.make(number, 0));
  if (pass == Pass::reload) service.finish();
  setenv("NOTIFY_SOCKET", address.sun_path, 1);
  raise(SIGSTOP);
  syscall(SYS_getsid, 0);
  if (pass == Pass::start) {
    service.restart();
  } else {
    service.reload(600);
  }
  syscall(SYS_getsid, 0);
  const char* iops = pass == Pass::start ? "500" : "600";
  for (const std::string& cgroup : cgroups) {
    if (!service.limited(cgroup, iops)) _exit(1);
  }
  _exit(0);
}

Counts calls_until_ready(Pass pass, CgroupVersion version, unsigned containers, int& status) {
  const Calls calls = calls_of([=] { be_counted_in(pass, version, containers); }, status);
  Counts counts;
  for (auto call = calls.begin(); call != calls.end() && counts["send"] < messages_of(pass); ++call)
    ++counts[*call];
  counts.erase("allocator");
  return counts;
}

struct PassRow {
  const char* name;
  Pass pass;
  CgroupVersion version;
  Counts calls;
};

void PrintTo(const PassRow& row, std::ostream* out) {
  *out << row.name;
}

class WholePass : public testing::TestWithParam<PassRow> {};

TEST_P(WholePass, MakesTheseSystemCallsForEachContainerUntilReady) {
  int status = 0;
  const auto& [name, pass, version, expected] = GetParam();
  const Counts few = calls_until_ready(pass, version, 2, status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "ptrace is not allowed here";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  Counts more = calls_until_ready(pass, version, 3, status);
  for (const auto& [call, count] : few) more[call] -= count;
  std::erase_if(more, [](const auto& entry) { return entry.second == 0; });
  EXPECT_EQ(more, expected);
}

// Nothing is read back after a first write, watched for changes by others or announced before all
// limits are in force. A reload that needs nothing else of the records does not read them. On v1
// each scope is watched, and its links are counted twice: for its process leaf, and for processes
// in other cgroups below it.
INSTANTIATE_TEST_SUITE_P(
    Costs, WholePass,
    testing::Values(
        PassRow{"StartV2",
                Pass::start,
                CgroupVersion::v2,
                {{"openat2", 1}, {"pread", 1}, {"openat", 1}, {"pwrite", 1}, {"close", 2}}},
        PassRow{"StartV1",
                Pass::start,
                CgroupVersion::v1,
                {{"watch", 1},
                 {"stat", 1},
                 {"statx", 1},
                 {"openat2", 1},
                 {"pread", 1},
                 {"openat", 2},
                 {"pwrite", 2},
                 {"close", 3}}},
        PassRow{"ReloadV2",
                Pass::reload,
                CgroupVersion::v2,
                {{"openat", 1}, {"pwrite", 1}, {"pread", 1}, {"close", 1}}},
        PassRow{"ReloadV1",
                Pass::reload,
                CgroupVersion::v1,
                {{"watch", 1},
                 {"stat", 1},
                 {"statx", 1},
                 {"openat", 2},
                 {"pwrite", 2},
                 {"pread", 2},
                 {"close", 2}}}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace iopslimit::hot_path_test
