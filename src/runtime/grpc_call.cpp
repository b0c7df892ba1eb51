// SPDX-License-Identifier: Apache-2.0
#include "runtime/grpc_call.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace iopslimit {
namespace {

// All header fields of an answer, in bytes. gRPC's own limit is 8 KiB (grpc-go) or 16 KiB.
constexpr std::size_t max_header_bytes = 32U << 10;
// What may wait to be sent: the acknowledgements that the server does not read.
constexpr std::size_t max_output = 64U << 10;
// How much the server may send before it is read: few turns for a node full of pods.
constexpr std::int32_t window = 1 << 20;
constexpr std::string_view unimplemented = "12";  // gRPC's status code

std::string printable_ascii(std::string_view text) {
  constexpr std::size_t most = 200;
  std::string clean(text.substr(0, most));
  std::ranges::replace_if(
      clean, [](char c) { return c < ' ' || c > '~'; }, '?');
  return clean;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // the library copies
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

void GrpcCall::Delete::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

// No exception passes through the library.
struct GrpcCall::Callbacks {
  template <typename Act>
  static int contain(void* self, const Act& act) noexcept {
    auto& call = *static_cast<GrpcCall*>(self);
    try {
      act(call);
    } catch (...) {
      call.parked_ = std::current_exception();
    }
    const bool goes_on = call.parked_ == nullptr && call.state_ != State::failed;
    return goes_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    return contain(self, [&](GrpcCall& call) {
      call.take_header(text_of(name, name_size), text_of(value, value_size));
    });
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data,
                     std::size_t size, void* self) {
    return contain(self, [&](GrpcCall& call) {
      if (const char* wrong = call.take_(text_of(data, size)))
        call.fail(std::string("its answer cannot be used: ") + wrong);
    });
  }
  static int on_stream_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* self) {
    return contain(self, [&](GrpcCall& call) { call.stream_closed(error); });
  }
  static ssize_t read_message(nghttp2_session*, std::int32_t, std::uint8_t* buffer,
                              std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                              void* self) {
    auto& call = *static_cast<GrpcCall*>(self);
    const std::size_t taken = std::min(size, call.message_.size() - call.message_sent_);
    call.message_.copy(reinterpret_cast<char*>(buffer), taken, call.message_sent_);
    call.message_sent_ += taken;
    if (call.message_sent_ == call.message_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }
  static nghttp2_session* make_session(GrpcCall* call) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session* session = nullptr;
    const int result = nghttp2_session_client_new(&session, callbacks, call);
    nghttp2_session_callbacks_del(callbacks);
    if (result != 0) throw std::bad_alloc();
    return session;
  }
};

GrpcCall::GrpcCall(const std::string& path, std::string message,
                   std::function<const char*(std::string_view)> take)
    : message_(std::move(message)),
      take_(std::move(take)),
      session_(Callbacks::make_session(this)) {
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}}};
  // Go's HTTP/2 server refuses a socket's path as the authority.
  const std::array headers{header(":method", "POST"),
                           header(":scheme", "http"),
                           header(":path", path),
                           header(":authority", "localhost"),
                           header("content-type", "application/grpc"),
                           header("user-agent", "iops-limitd"),
                           header("te", "trailers")};
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read_message;
  nghttp2_session* session = session_.get();
  if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0 ||
      nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window) != 0 ||
      nghttp2_submit_request(session, nullptr, headers.data(), headers.size(), &body, nullptr) < 0)
    throw std::bad_alloc();
  fill_output();
}

GrpcCall::~GrpcCall() = default;

void GrpcCall::fail(const std::string& why) {
  if (state_ != State::open) return;
  state_ = State::failed;
  why_ = why;
}

void GrpcCall::feed(std::string_view bytes) {
  if (state_ != State::open) return;
  fed_ += bytes.size();
  if (fed_ > max_bytes) return fail("it sends more than 17 MiB");
  const auto result = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (parked_) std::rethrow_exception(std::exchange(parked_, nullptr));
  if (result < 0)
    return fail(std::string("it does not speak HTTP/2: ") +
                nghttp2_strerror(static_cast<int>(result)));
  if (state_ == State::open) fill_output();
}

void GrpcCall::closed() {
  fail("it closed the connection without an answer");
}

void GrpcCall::fill_output() {
  const std::uint8_t* data = nullptr;
  ssize_t size = 0;
  while ((size = nghttp2_session_mem_send(session_.get(), &data)) > 0)
    output_.append(text_of(data, static_cast<std::size_t>(size)));
  if (parked_) std::rethrow_exception(std::exchange(parked_, nullptr));
  if (size < 0) fail(nghttp2_strerror(static_cast<int>(size)));
  if (output_.size() > max_output) fail("it does not read what it asks for");
  const bool ended = nghttp2_session_want_read(session_.get()) == 0 &&
                     nghttp2_session_want_write(session_.get()) == 0;
  if (ended) fail("the HTTP/2 session ended without an answer");
}

void GrpcCall::take_header(std::string_view name, std::string_view value) {
  constexpr std::size_t overhead = 32;  // of a field, as HTTP/2 counts it (RFC 9113, 6.5.2)
  header_bytes_ += name.size() + value.size() + overhead;
  if (header_bytes_ > max_header_bytes) return fail("it sends more than 32 KiB of header fields");
  if (name == ":status") http_status_ = value;
  if (name == "grpc-status") grpc_status_ = value;
  if (name == "grpc-message") grpc_message_ = printable_ascii(value);
}

void GrpcCall::stream_closed(std::uint32_t error) {
  if (error != NGHTTP2_NO_ERROR)
    return fail(std::string("it broke the answer off: ") + nghttp2_http2_strerror(error));
  if (http_status_ != "200") return fail("HTTP status " + printable_ascii(http_status_));
  if (grpc_status_.empty()) return fail("its answer has no gRPC status");
  why_ = "gRPC status " + printable_ascii(grpc_status_) + ": " + grpc_message_;
  if (state_ != State::open) return;
  state_ = State::failed;
  if (grpc_status_ == unimplemented) state_ = State::unimplemented;
  if (grpc_status_ == "0") state_ = State::answered;
}

}  // namespace iopslimit
