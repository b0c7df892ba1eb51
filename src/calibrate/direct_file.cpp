// SPDX-License-Identifier: Apache-2.0
#include "calibrate/direct_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

#include "calibrate/calibration.hpp"
#include "calibrate/tally.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t block = 4096;  // of a request; every disk and file system aligns to it
constexpr std::size_t large_block = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds tick_period{100};

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

bool lacks_feature(int error) {
  return error == EINVAL || error == EOPNOTSUPP || error == EISDIR || error == ENOENT;
}

// A file system without O_TMPFILE says EOPNOTSUPP, a kernel without it EISDIR or ENOENT, open(2);
// one without O_DIRECT EINVAL.
File open_in(const std::string& folder) {
  auto file = open_at(AT_FDCWD, folder.c_str(), O_TMPFILE | O_RDWR | O_DIRECT);
  if (file) return *std::move(file);
  const std::error_code error = file.error();
  if (lacks_feature(error.value()) && access(folder.c_str(), F_OK) == 0)
    throw std::system_error(error, folder +
                                       " cannot be measured: its file system has no files without "
                                       "a name (O_TMPFILE) or no direct I/O (O_DIRECT)");
  throw std::system_error(error, "cannot create a file in " + folder);
}

void check_answer(const AioAnswer& answer) {
  if (answer.result < 0) fail(static_cast<int>(-answer.result), "the disk failed a request");
  if (static_cast<std::size_t>(answer.result) != block)
    fail(EIO, "the disk answered " + std::to_string(answer.result) + " of " +
                  std::to_string(block) + " bytes");
}

}  // namespace

void DirectFile::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

DirectFile::Buffer DirectFile::aligned(std::size_t bytes) {
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(block, bytes));
  if (memory == nullptr) throw std::bad_alloc();
  return Buffer(memory);
}

DirectFile::DirectFile(const std::string& folder, std::uint64_t bytes)
    : bytes_(bytes / large_block * large_block),
      file_(open_in(folder)),
      random_(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) | 1U),
      buffers_(aligned(deepest * block)) {
  stamp({buffers_.get(), deepest * block});
}

// xorshift64*: fast, and good enough for places on a disk.
std::uint64_t DirectFile::random() {
  random_ ^= random_ >> 12U;
  random_ ^= random_ << 25U;
  random_ ^= random_ >> 27U;
  return random_ * 0x2545F4914F6CDD1DU;
}

// Fills with random data: a disk or a file system that compresses, or keeps equal blocks once, must
// have the same work with each.
void DirectFile::stamp(std::span<std::byte> blocks) {
  for (std::size_t at = 0; at < blocks.size(); at += sizeof random_) {
    const std::uint64_t value = random();
    std::memcpy(blocks.data() + at, &value, sizeof value);
  }
}

void DirectFile::fill(const std::function<void(std::uint64_t written)>& tick) {
  const Buffer buffer = aligned(large_block);
  for (std::uint64_t at = 0; at < bytes_; at += large_block) {
    stamp({buffer.get(), large_block});
    const ssize_t count = pwrite(file_.fd(), buffer.get(), large_block, static_cast<off_t>(at));
    if (count < 0) fail(errno, "cannot write the file to measure with");
    if (static_cast<std::size_t>(count) != large_block)
      fail(ENOSPC, "the file to measure with was written in part");
    tick(at + large_block);
  }
  if (fdatasync(file_.fd()) != 0) fail(errno, "cannot write the file to measure with");
}

AioRequest DirectFile::request(std::size_t slot, unsigned read_percent) {
  constexpr unsigned hundred = 100;
  const std::span<std::byte> buffer(buffers_.get() + slot * block, block);
  const bool write = random() % hundred >= read_percent;
  if (write) stamp(buffer.first(sizeof random_));
  return {.slot = slot,
          .write = write,
          .offset = random() % (bytes_ / block) * block,
          .buffer = buffer};
}

Measurement DirectFile::run(const Phase& phase, const Tick& tick) {
  AioQueue queue(file_.fd(), phase.depth);
  Tally tally(phase);
  std::vector<AioRequest> next;
  for (std::size_t slot = 0; slot < phase.depth; ++slot)
    next.push_back(request(slot, phase.read_percent));
  const Clock::time_point begin = Clock::now();
  std::vector<Clock::time_point> asked(phase.depth, begin);
  Clock::time_point ticked = begin;
  queue.submit(next);
  while (queue.in_flight() != 0) {
    const std::vector<AioAnswer>& answers = queue.wait(tick_period);
    const Clock::time_point now = Clock::now();
    next.clear();
    for (const AioAnswer& answer : answers) {
      check_answer(answer);
      tally.add(now - begin, now - asked[answer.slot]);
      if (now - begin >= phase.length) continue;
      asked[answer.slot] = now;
      next.push_back(request(answer.slot, phase.read_percent));
    }
    if (!next.empty()) queue.submit(next);
    if (now - ticked < tick_period) continue;
    ticked = now;
    tick();
  }
  Measurement found = tally.result();
  if (found.iops == 0) fail(ETIMEDOUT, "the disk answered no request in time");
  return found;
}

}  // namespace iopslimit
