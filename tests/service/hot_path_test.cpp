// SPDX-License-Identifier: Apache-2.0
// What one container costs from its event to its limit, in numbers that do not vary: system calls,
// and allocations. A change of one of them is a decision: change the number here with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cgroup/tree_watcher.hpp"
#include "control/controller.hpp"
#include "limit/blkio_backend.hpp"
#include "limit/io_max_backend.hpp"
#include "limit/ownership_log.hpp"
#include "runtime/record_files.hpp"
#include "support/stacks.hpp"
#include "support/temp_tree.hpp"

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

using Calls = std::map<std::string, int>;

/// Containers of one pod, or each in a pod of its own.
enum class Pods { one, many };

std::string pod(unsigned number) {
  return "/kubepods.slice/kubepods-burstable.slice/"
         "kubepods-burstable-pod0a1b2c3d_0000_4000_8000_00000000000" +
         std::to_string(number) + ".slice";
}

/// The path that counts, as Service lays it, on files of its own.
class Path {
 public:
  static constexpr unsigned most = 6;  // containers

  Path(CgroupVersion version, Pods pods) : version_(version), pods_(pods) {
    for (unsigned number = 0; number < most; ++number) tree_.folder("/cgroup" + pod(number));
    tree_.folder("/made");
    tree_.folder(records);
    if (version == CgroupVersion::v2) {
      files_ = std::make_unique<IoMaxBackend>(tree_.at("/cgroup"));
    } else {
      files_ = std::make_unique<BlkioBackend>(tree_.at("/cgroup"));
    }
    ledger_.emplace(*files_, tree_.at("/rules"), [](const std::string& text) { FAIL() << text; });
    controller_.emplace(*ledger_, version, config(), std::vector<RuleKey>());
    controller_->on_disks({.mounts = {on_partition()}, .system_mounts = {}, .identities = {}});
    tree_watcher_.scan();
  }
  /// Everything of a container but its event, which comes with the last step.
  void make(unsigned number) {
    const std::string id = std::string(62, 'a') + std::to_string(10 + number);
    const std::string name = "cri-containerd-" + id + ".scope";
    for (const char* file : limit_files()) tree_.file("/made/" + name + "/" + file);
    tree_.file(records + "/" + id + "/config.json", R"({"ociVersion":"1.1.0","annotations":{
      "io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"database",
      "io.kubernetes.cri.image-name":"docker.io/library/postgres:16",
      "io.kubernetes.cri.sandbox-id":")" + std::string(64, '5') +
                                                        R"(",
      "io.kubernetes.cri.sandbox-name":"database-0","io.kubernetes.cri.sandbox-namespace":"shop"}})");
    cgroup_ = "/cgroup" + pod(pods_ == Pods::one ? 0 : number) + "/" + name;
    std::filesystem::rename(tree_.at("/made/" + name), tree_.at(cgroup_));
  }
  /// From the event to the limit.
  void act() { tree_watcher_.read_events(); }
  /// True when the last one has its limit; what may wait until then has been done.
  bool synced() {
    controller_->take_events();
    return tree_.text(cgroup_ + "/" + limit_files().front()).find("500") != std::string::npos;
  }

 private:
  std::vector<const char*> limit_files() const {
    if (version_ == CgroupVersion::v2) return {"io.max"};
    return {"blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
            "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"};
  }
  static Config config() {
    Config config;
    config.device.mount = "/data";
    return config;
  }

  const std::string records = "/state/io.containerd.runtime.v2.task/k8s.io";
  CgroupVersion version_;
  Pods pods_;
  TempTree tree_;
  std::unique_ptr<LimitBackend> files_;
  std::optional<OwnershipLog> ledger_;
  std::optional<Controller> controller_;
  std::string cgroup_;
  RecordFiles records_{{.containerd_states = {tree_.at("/state")},
                        .containerd_namespaces = {"k8s.io"},
                        .crio_storages = {},
                        .docker_roots = {}},
                       RuntimeType::automatic,
                       {}};
  TreeWatcher tree_watcher_{tree_.at("/cgroup"),
                            {},
                            {.appeared =
                                 [this](const TreeWatcher::Seen& one) {
                                   const auto path = parse_container_path(one.cgroup, {});
                                   if (path) controller_->on_appeared(*path, records_.read(*path));
                                 },
                             .vanished = [](const std::string&) {},
                             .lost = [] {},
                             .warn = [](const std::string&) {}}};
};

const char* name_of(std::uint64_t call) {
  switch (call) {
    case SYS_read:
      return "read";
    case SYS_openat:
      return "openat";
    case SYS_openat2:
      return "openat2";
    case SYS_close:
      return "close";
    case SYS_pread64:
      return "pread";
    case SYS_pwrite64:
      return "pwrite";
    case SYS_write:
      return "write";
#ifdef SYS_newfstatat
    case SYS_newfstatat:
#endif
    case SYS_fstat:
      return "fstat";
    case SYS_mmap:
    case SYS_munmap:
    case SYS_madvise:
    case SYS_brk:
      return nullptr;  // the allocator's: the sanitizer's is another one
    default:
      return "others";
  }
}

// Traced by its parent, which counts from one getsid() to the next.
[[noreturn]] void be_counted(CgroupVersion version, Pods pods) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
  raise(SIGSTOP);
  Path path(version, pods);
  for (unsigned number = 0; number < 3; ++number) {
    path.make(number);
    if (number == 2) syscall(SYS_getsid, 0);
    path.act();
    if (number == 2) syscall(SYS_getsid, 0);
    if (!path.synced()) _exit(1);
  }
  _exit(0);
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
      const char* name = name_of(call.entry.nr);
      if (call.entry.nr == SYS_getsid) {
        counting = !counting;
      } else if (counting && name != nullptr) {
        ++calls[name];
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

TEST_P(HotPath, SystemCallsOfOneContainer) {
  int status = 0;
  const Calls calls = calls_of_one_container(GetParam().version, GetParam().pods, status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "ptrace is not allowed here";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(calls, GetParam().calls);
}

TEST_P(HotPath, AllocationsOfOneContainer) {
  Path path(GetParam().version, GetParam().pods);
  std::vector<std::size_t> counts;
  for (unsigned number = 0; number < Path::most; ++number) {
    path.make(number);
    const std::size_t before = allocations;
    path.act();
    counts.push_back(allocations - before);
    ASSERT_TRUE(path.synced());
  }
  counts.erase(counts.begin(), counts.begin() + 2);  // buffers had to grow
  EXPECT_THAT(counts, testing::Each(GetParam().allocations));
}

// Of a fresh cgroup nothing is looked at before; what was written is read back later.
const Calls v2_calls{{"read", 1},  {"openat2", 1}, {"openat", 1}, {"pread", 1},
                     {"close", 2}, {"write", 1},   {"pwrite", 1}};
// Two limits written, nothing where nothing is set.
const Calls v1_calls{{"read", 1},  {"openat2", 1}, {"openat", 2}, {"pread", 1},
                     {"close", 3}, {"write", 1},   {"pwrite", 2}};

// The pod's folder is opened, and the last one's closed.
Calls in_a_new_pod(Calls calls) {
  ++calls["openat"];
  ++calls["close"];
  return calls;
}

INSTANTIATE_TEST_SUITE_P(
    Costs, HotPath,
    testing::Values(CostRow{CgroupVersion::v2, Pods::one, v2_calls, 34},
                    CostRow{CgroupVersion::v2, Pods::many, in_a_new_pod(v2_calls), 34},
                    CostRow{CgroupVersion::v1, Pods::one, v1_calls, 30},
                    CostRow{CgroupVersion::v1, Pods::many, in_a_new_pod(v1_calls), 30}),
    [](const auto& row) { return name_of(row.param); });

}  // namespace
}  // namespace iopslimit
