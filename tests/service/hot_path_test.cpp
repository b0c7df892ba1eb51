// SPDX-License-Identifier: Apache-2.0
// What one container costs the real service from its event to its limit, in numbers that do not
// vary: system calls, and allocations. A change of one of them is a decision: change the number
// here with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <new>
#include <ostream>
#include <string>
#include <vector>

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

namespace iopslimit {
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
      {SYS_munmap, "allocator"}, {SYS_madvise, "allocator"},     {SYS_brk, "allocator"}};
  const auto found = names.find(call);
  return found == names.end() ? "call " + std::to_string(call) : found->second;
}

// Traced by its parent, which counts from one getsid() to the next.
[[noreturn]] void be_counted(CgroupVersion version, Pods pods) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
  RealService service(version, most);
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

/// `status`: how the child ended.
Calls calls_of_one_container(CgroupVersion version, Pods pods, int& status) {
  Calls calls;
  const pid_t child = fork();
  if (child == 0) be_counted(version, pods);
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
  return after_the_event(calls);
}

struct CostRow {
  CgroupVersion version;
  Pods pods;
  Calls calls;
  std::size_t allocations;
};

std::string name_of(const CostRow& row) {
  return std::string(row.version == CgroupVersion::v2 ? "V2" : "V1") +
         (row.pods == Pods::one ? "" : "InAPodOfItsOwn");
}

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const CostRow& row, std::ostream* out) {
  *out << name_of(row);
}

class HotPath : public testing::TestWithParam<CostRow> {};

TEST_P(HotPath, MakesTheseSystemCallsForOneContainer) {
  int status = 0;
  const Calls calls = calls_of_one_container(GetParam().version, GetParam().pods, status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "ptrace is not allowed here";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(calls, GetParam().calls);
}

TEST_P(HotPath, AllocatesThisOftenForOneContainer) {
  RealService service(GetParam().version, most);
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
    testing::Values(CostRow{CgroupVersion::v2, Pods::one, v2_calls, 12},
                    CostRow{CgroupVersion::v2, Pods::many, in_a_new_pod(v2_calls), 12},
                    // 11 until the limits are in force, the rest to remember the watch.
                    CostRow{CgroupVersion::v1, Pods::one, v1_calls, 22},
                    CostRow{CgroupVersion::v1, Pods::many, in_a_new_pod(v1_calls), 22}),
    [](const auto& row) { return name_of(row.param); });

}  // namespace
}  // namespace iopslimit
