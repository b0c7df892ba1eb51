// SPDX-License-Identifier: Apache-2.0
#include "runtime/cri_client.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "loop/local_socket.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t most_in_a_turn = 64U << 10;  // read, in one turn of the loop

CriAnswer failed(std::string why) {
  return {.kind = CriAnswer::Kind::failed, .why = std::move(why)};
}

}  // namespace

CriClient::CriClient(EventLoop& loop, std::string path, Options options, Handlers handlers)
    : loop_(loop),
      path_(std::move(path)),
      options_(options),
      handlers_(std::move(handlers)),
      limit_(
          loop,
          [this] {
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.limit);
            finish(failed("no answer within " + std::to_string(seconds.count()) + " s"));
          },
          Priority::idle) {}

bool CriClient::is_there() const {
  return access(path_.c_str(), F_OK) == 0;
}

std::optional<CriAnswer> CriClient::ask(CriVersion version, std::string_view pod_uid,
                                        RecordRequest request) {
  if (auto refused = connect()) return refused;
  request_ = std::move(request);
  unusable_ = 0;
  list_.emplace([this](std::string_view item) {
    if (auto sandbox = decode_sandbox(item, request_))
      handlers_.take(std::move(*sandbox));
    else
      ++unusable_;
  });
  call_.emplace(list_path(version), list_request(pod_uid),
                [this](std::string_view bytes) { return list_->feed(bytes); });
  limit_.restart(options_.limit);
  waits_to_send_ = true;
  io_.emplace(
      loop_, socket_.fd(), EPOLLIN | EPOLLOUT, [this] { ready(); }, Priority::idle);
  return std::nullopt;
}

// A local socket connects at once or not at all: EAGAIN says that its queue is full (unix(7)).
std::optional<CriAnswer> CriClient::connect() {
  const auto local = local_address(path_);
  if (!local) return failed("its path is too long");
  socket_ = File(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_ || ::connect(socket_.fd(), local->get(), local->size) != 0) {
    const std::error_code error = last_error();
    socket_ = File();
    if (error == std::errc::no_such_file_or_directory)
      return CriAnswer{.kind = CriAnswer::Kind::absent, .why = "there is no socket"};
    return failed(error.message());
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = getsockopt(socket_.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (known && peer.uid == options_.owner) return std::nullopt;
  socket_ = File();
  return failed(
      "it is not used: the process that listens does not belong to " +
      (options_.owner == 0 ? std::string("root") : "user " + std::to_string(options_.owner)));
}

void CriClient::ready() {
  receive();
  if (call_->state() == GrpcCall::State::open) send();
  if (call_->state() != GrpcCall::State::open) return finish(answer_of_call());
  watch();
}

void CriClient::receive() {
  buffer_.resize(most_in_a_turn);
  const ssize_t size = recv(socket_.fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (size > 0)
    call_->feed(std::string_view(buffer_).substr(0, static_cast<std::size_t>(size)));
  else if (size == 0 || (errno != EAGAIN && errno != EINTR))
    call_->closed();
}

void CriClient::send() {
  while (!call_->output().empty()) {
    const ssize_t size = send_now(socket_.fd(), call_->output());
    if (size < 0) {
      if (errno != EAGAIN && errno != EINTR) call_->closed();
      return;
    }
    call_->sent(static_cast<std::size_t>(size));
  }
}

// Waits for room in the socket only while there is something to send.
void CriClient::watch() {
  const bool to_send = !call_->output().empty();
  if (std::exchange(waits_to_send_, to_send) == to_send) return;
  const std::uint32_t events = to_send ? EPOLLIN | EPOLLOUT : EPOLLIN;
  io_.emplace(
      loop_, socket_.fd(), events, [this] { ready(); }, Priority::idle);
}

CriAnswer CriClient::answer_of_call() const {
  using Kind = CriAnswer::Kind;
  CriAnswer answer{.kind = Kind::failed,
                   .why = call_->why(),
                   .too_much = call_->too_much() || list_->too_large(),
                   .unusable = unusable_,
                   .too_large = list_->passed_over()};
  if (call_->state() == GrpcCall::State::unimplemented) answer.kind = Kind::unimplemented;
  if (call_->state() != GrpcCall::State::answered) return answer;
  answer.kind = list_->complete() ? Kind::answered : Kind::failed;
  answer.why = list_->complete() ? "" : "its answer is cut short";
  return answer;
}

// The handler may ask the next question.
void CriClient::finish(CriAnswer answer) {
  limit_.stop();
  io_.reset();
  socket_ = File();
  call_.reset();
  list_.reset();
  buffer_ = {};
  handlers_.done(std::move(answer));
}

}  // namespace iopslimit
