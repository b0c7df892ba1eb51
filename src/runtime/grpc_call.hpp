// SPDX-License-Identifier: Apache-2.0
// One call of a gRPC service, on a connection of its own: HTTP/2 (libnghttp2) between bytes that
// came and bytes to send. It trusts nothing that the server says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace iopslimit {

class GrpcCall {
 public:
  enum class State {
    open,
    answered,
    unimplemented,  ///< the server does not know the method (gRPC status 12)
    failed
  };
  /// The server may send this much in all.
  static constexpr std::size_t max_bytes = 17U << 20;

  /// `path` is that of the method, `message` the framed request. `take` gets the framed answer
  /// piece by piece; it returns nullptr, or what is wrong with the answer.
  GrpcCall(const std::string& path, std::string message,
           std::function<const char*(std::string_view)> take);
  GrpcCall(const GrpcCall&) = delete;
  GrpcCall& operator=(const GrpcCall&) = delete;
  ~GrpcCall();

  /// Takes in what the server sent. Does nothing unless the state is `open`.
  void feed(std::string_view bytes);
  /// The server has closed the connection.
  void closed();
  /// What is to be sent.
  std::string_view output() const { return output_; }
  void sent(std::size_t bytes) { output_.erase(0, bytes); }

  State state() const { return state_; }
  /// It failed because the server sent more than max_bytes.
  bool too_much() const { return fed_ > max_bytes; }
  /// Why it failed, or what the server says of the method; printable ASCII.
  const std::string& why() const { return why_; }

 private:
  struct Callbacks;
  struct Delete {
    void operator()(nghttp2_session* session) const;
  };

  void fail(const std::string& why);
  void fill_output();
  void take_header(std::string_view name, std::string_view value);
  void stream_closed(std::uint32_t error);

  std::string message_;
  std::size_t message_sent_ = 0;
  std::function<const char*(std::string_view)> take_;
  State state_ = State::open;
  std::string why_;
  std::string output_;
  std::size_t fed_ = 0;
  std::size_t header_bytes_ = 0;
  std::string http_status_;
  std::string grpc_status_;
  std::string grpc_message_;
  std::exception_ptr parked_;  // thrown in a callback
  std::unique_ptr<nghttp2_session, Delete> session_;
};

}  // namespace iopslimit
