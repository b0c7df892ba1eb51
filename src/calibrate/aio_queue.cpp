// SPDX-License-Identifier: Apache-2.0
#include "calibrate/aio_queue.hpp"

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>
#include <system_error>

namespace iopslimit {
namespace {

long checked(long result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

iocb block_of(int descriptor, const AioRequest& request) {
  iocb block{};
  block.aio_data = request.slot;
  block.aio_lio_opcode = request.write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
  block.aio_fildes = static_cast<std::uint32_t>(descriptor);
  block.aio_buf = reinterpret_cast<std::uintptr_t>(request.buffer.data());
  block.aio_nbytes = request.buffer.size();
  block.aio_offset = static_cast<std::int64_t>(request.offset);
  return block;
}

}  // namespace

AioQueue::AioQueue(int descriptor, unsigned depth) : descriptor_(descriptor), depth_(depth) {
  static_assert(sizeof context_ == sizeof(aio_context_t));
  const bool used_up = syscall(SYS_io_setup, depth, &context_) < 0 && errno == EAGAIN;
  if (used_up)
    throw std::system_error(EAGAIN, std::generic_category(),
                            "no asynchronous requests are left: raise fs.aio-max-nr");
  if (context_ == 0) checked(-1, "cannot set up asynchronous requests");
}

AioQueue::~AioQueue() {
  syscall(SYS_io_destroy, context_);
}

void AioQueue::submit(const std::vector<AioRequest>& requests) {
  std::vector<iocb> blocks;
  std::vector<iocb*> list;
  blocks.reserve(requests.size());
  for (const AioRequest& request : requests) {
    blocks.push_back(block_of(descriptor_, request));
    list.push_back(&blocks.back());
  }
  for (std::size_t done = 0; done < list.size();) {
    const long taken = checked(
        syscall(SYS_io_submit, context_, static_cast<long>(list.size() - done), list.data() + done),
        "the disk does not take a request");
    done += static_cast<std::size_t>(taken);
    in_flight_ += static_cast<std::size_t>(taken);
  }
}

const std::vector<AioAnswer>& AioQueue::wait(std::chrono::milliseconds patience) {
  constexpr std::chrono::nanoseconds second = std::chrono::seconds(1);
  const std::chrono::nanoseconds all = patience;
  timespec limit{.tv_sec = all / second, .tv_nsec = (all % second).count()};
  std::vector<io_event> events(depth_);
  const long count = checked(
      syscall(SYS_io_getevents, context_, 1L, static_cast<long>(depth_), events.data(), &limit),
      "the measurement was interrupted");
  answers_.clear();
  for (long at = 0; at < count; ++at) {
    const io_event& event = events[static_cast<std::size_t>(at)];
    answers_.push_back({event.data, event.res});
  }
  in_flight_ -= answers_.size();
  return answers_;
}

}  // namespace iopslimit
