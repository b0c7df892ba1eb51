// SPDX-License-Identifier: Apache-2.0
// A container runtime's CRI socket for tests, in a thread of its own: HTTP/2 by libnghttp2's server
// side, the messages written byte by byte. It can misbehave in every way that a test needs.
#pragma once

#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "loop/local_socket.hpp"

namespace iopslimit {

/// Fields of protocol buffers (https://protobuf.dev/programming-guides/encoding/).
namespace wire {

inline std::string varint(std::uint64_t value) {
  std::string text;
  for (; value > 0x7f; value >>= 7U) text += static_cast<char>((value & 0x7fU) | 0x80U);
  return text + static_cast<char>(value);
}
inline std::string field(unsigned number, std::string_view value) {
  return varint(number << 3U | 2U) + varint(value.size()) + std::string(value);
}
inline std::string number(unsigned field_number, std::uint64_t value) {
  return varint(field_number << 3U) + varint(value);
}
inline std::string map_entry(unsigned field_number, std::string_view key, std::string_view value) {
  return field(field_number, field(1, key) + field(2, value));
}
/// gRPC's frame.
inline std::string framed(const std::string& message, char compressed = '\0') {
  std::string text(1, compressed);
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    text += static_cast<char>(message.size() >> shift & 0xffU);
  return text + message;
}

}  // namespace wire

/// A pod's sandbox as the runtime lists it.
struct FakeSandbox {
  std::string uid;
  std::string name = "web-0";
  std::string pod_namespace = "shop";
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> annotations = {};
  std::uint64_t created_at = 1;

  /// The PodSandbox message.
  std::string message() const {
    std::string text = wire::field(1, std::string(64, '5'));
    text += wire::field(2, wire::field(1, name) + wire::field(2, uid) +
                               wire::field(3, pod_namespace) + wire::number(4, 1));
    text += wire::number(4, created_at);
    for (const auto& [key, value] : labels) text += wire::map_entry(5, key, value);
    text += wire::map_entry(5, "io.kubernetes.pod.uid", uid);
    for (const auto& [key, value] : annotations) text += wire::map_entry(6, key, value);
    return text + wire::field(7, "runc");
  }
};

class FakeCri {
 public:
  enum class Mood {
    normal,
    silent,         ///< takes connections and requests, and answers nothing
    deaf,           ///< does not even take the connection off its queue
    garbage_http,   ///< sends what is no HTTP/2
    garbage_items,  ///< a list of bytes that are no sandboxes
    garbage_list,   ///< a message that is no list
    compressed,     ///< says that the answer is compressed
    giant,          ///< announces a message of 4 GiB
    endless,        ///< sends sandboxes without an end
    pings,          ///< sends nothing but pings
    headers,        ///< sends header fields without an end
    goaway,         ///< ends the connection before it answers
    reset,          ///< resets the stream
    hang_up,        ///< closes the connection
    no_status,      ///< an answer without gRPC status
    http_error,     ///< HTTP status 503
    grpc_error,     ///< gRPC status 14
    cut,            ///< an answer that ends in the middle of a sandbox
    another_pod,    ///< answers with another pod than it is asked for
    drips,          ///< a byte of a sandbox each millisecond
  };

  explicit FakeCri(std::string path) : path_(std::move(path)) { listen_again(); }
  FakeCri(const FakeCri&) = delete;
  FakeCri& operator=(const FakeCri&) = delete;
  ~FakeCri() { disappear(); }

  void set(Mood mood) { mood_ = mood; }
  /// Knows only this version, or none if it is empty.
  void set_version(std::string version) {
    const std::lock_guard lock(mutex_);
    version_ = std::move(version);
  }
  void set(std::vector<FakeSandbox> sandboxes) {
    const std::lock_guard lock(mutex_);
    sandboxes_ = std::move(sandboxes);
  }
  /// The method and message of each request.
  std::vector<std::pair<std::string, std::string>> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  unsigned connections() const { return connections_; }
  void disappear() {
    if (!thread_.joinable()) return;
    eventfd_write(stop_.fd(), 1);
    thread_.join();
    listener_ = File();
    unlink(path_.c_str());
  }
  void listen_again() {
    const auto local = local_address(path_);
    listener_ = File(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    stop_ = File(eventfd(0, EFD_CLOEXEC));
    if (!local || bind(listener_.fd(), local->get(), local->size) != 0 ||
        listen(listener_.fd(), 8) != 0)
      throw std::runtime_error("no socket at " + path_);
    thread_ = std::thread([this] { serve(); });
  }

 private:
  struct Connection {
    FakeCri* owner;
    int fd;
    nghttp2_session* session = nullptr;
    std::string path;
    std::string request;
    std::string answer;
    std::size_t sent = 0;
    std::string grpc_status = "0";
    bool endless = false;
  };

  // Readable before the test ends.
  bool wait_for(int fd) const {
    pollfd both[2] = {{stop_.fd(), POLLIN, 0}, {fd, POLLIN, 0}};
    poll(both, 2, -1);
    return both[0].revents == 0;
  }
  // Returns false when the test ends.
  bool pause(int milliseconds) const {
    pollfd one{stop_.fd(), POLLIN, 0};
    return poll(&one, 1, milliseconds) == 0;
  }
  void serve() {
    if (mood_ == Mood::deaf) {
      wait_for(-1);
      return;
    }
    while (wait_for(listener_.fd())) {
      const File one(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!one) return;
      ++connections_;
      talk(one.fd());
    }
  }
  static bool put(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
  // Until the client closes the connection.
  void drain(int fd) const {
    char bytes[4096];
    while (wait_for(fd) && ::recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
  }
  static std::string frame(char type, char flags, char stream, const std::string& body) {
    std::string text;
    for (const unsigned shift : {16U, 8U, 0U})
      text += static_cast<char>(body.size() >> shift & 0xffU);
    return text + type + flags + std::string(3, '\0') + stream + body;
  }
  // Frames of HTTP/2 without the library, which would send no nonsense.
  bool talk_raw(int fd, Mood mood) const {
    constexpr char settings = 4;
    constexpr char ping = 6;
    constexpr char goaway = 7;
    constexpr char headers = 1;
    constexpr char continuation = 9;
    if (mood == Mood::silent) return true;
    if (mood == Mood::garbage_http) return put(fd, "220 mail.example.org ESMTP\r\n");
    if (mood == Mood::hang_up) return true;
    put(fd, frame(settings, 0, 0, ""));
    if (mood == Mood::goaway) return put(fd, frame(goaway, 0, 0, std::string(8, '\0')));
    if (mood == Mood::pings) {
      while (put(fd, frame(ping, 0, 0, std::string(8, 'x')))) {
      }
      return true;
    }
    // HPACK: a literal field without indexing, name "a", value of 100 bytes.
    const std::string one = std::string("\0\1a\x64", 4) + std::string(100, 'v');
    std::string many;
    for (int i = 0; i < 100; ++i) many += one;
    put(fd, frame(headers, 0, 1, "\x88" + many));
    while (put(fd, frame(continuation, 0, 1, many))) {
    }
    return true;
  }
  static bool is_raw(Mood mood) {
    return mood == Mood::silent || mood == Mood::garbage_http || mood == Mood::hang_up ||
           mood == Mood::goaway || mood == Mood::pings || mood == Mood::headers;
  }
  void talk(int fd) {
    const Mood mood = mood_;
    if (is_raw(mood)) {
      char preface[24];
      if (!wait_for(fd)) return;
      static_cast<void>(::recv(fd, preface, sizeof preface, 0));
      talk_raw(fd, mood);
      if (mood != Mood::hang_up) drain(fd);
      return;
    }
    Connection connection{.owner = this, .fd = fd};
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_server_new(&connection.session, callbacks, &connection);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(connection.session, NGHTTP2_FLAG_NONE, nullptr, 0);
    char bytes[65536];
    while (nghttp2_session_send(connection.session) == 0 && wait_for(fd)) {
      const ssize_t size = ::recv(fd, bytes, sizeof bytes, 0);
      if (size <= 0) break;
      if (nghttp2_session_mem_recv(connection.session, reinterpret_cast<std::uint8_t*>(bytes),
                                   static_cast<std::size_t>(size)) < 0)
        break;
    }
    nghttp2_session_del(connection.session);
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) == ":path")
      static_cast<Connection*>(self)->path.assign(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data,
                     std::size_t size, void* self) {
    static_cast<Connection*>(self)->request.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static ssize_t on_send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int,
                         void* self) {
    const ssize_t sent = ::send(static_cast<Connection*>(self)->fd, data, size, MSG_NOSIGNAL);
    return sent < 0 ? static_cast<ssize_t>(NGHTTP2_ERR_CALLBACK_FAILURE) : sent;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& connection = *static_cast<Connection*>(self);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (ends && is_request) connection.owner->answer(connection, frame->hd.stream_id);
    return 0;
  }
  static nghttp2_nv header(const std::string& name, const std::string& value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
            value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  static ssize_t read_answer(nghttp2_session* session, std::int32_t stream, std::uint8_t* buffer,
                             std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                             void* self) {
    auto& connection = *static_cast<Connection*>(self);
    FakeCri& owner = *connection.owner;
    const Mood mood = owner.mood_;
    if (mood == Mood::drips) {
      size = 1;
      if (!owner.pause(1)) return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (connection.endless && connection.sent == connection.answer.size()) connection.sent = 5;
    const std::size_t taken = std::min(size, connection.answer.size() - connection.sent);
    connection.answer.copy(reinterpret_cast<char*>(buffer), taken, connection.sent);
    connection.sent += taken;
    if (connection.sent < connection.answer.size() || connection.endless)
      return static_cast<ssize_t>(taken);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (mood == Mood::no_status) return static_cast<ssize_t>(taken);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::string name = "grpc-status";
    const std::string value = connection.grpc_status;
    const nghttp2_nv trailer = header(name, value);
    nghttp2_submit_trailer(session, stream, &trailer, 1);
    return static_cast<ssize_t>(taken);
  }
  std::string list(const std::string& request) const {
    std::string text;
    for (const FakeSandbox& one : sandboxes_) {
      // The UID asked for is in the request as it is.
      const bool all = request.find("io.kubernetes.pod.uid") == std::string::npos;
      if (all || request.find(one.uid) != std::string::npos) text += wire::field(1, one.message());
    }
    return text;
  }
  void answer(Connection& connection, std::int32_t stream) {
    const std::lock_guard lock(mutex_);
    requests_.emplace_back(connection.path, connection.request);
    const Mood mood = mood_;
    nghttp2_session* session = connection.session;
    if (mood == Mood::reset) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
      return;
    }
    if (connection.path != "/runtime." + version_ + ".RuntimeService/ListPodSandbox")
      return refuse(session, stream, "200", "12");
    if (mood == Mood::grpc_error) return refuse(session, stream, "200", "14");
    if (mood == Mood::http_error) return refuse(session, stream, "503", "14");
    connection.answer = wire::framed(list(connection.request));
    if (mood == Mood::garbage_items) connection.answer = wire::framed(wire::field(1, "\xff\xff"));
    if (mood == Mood::garbage_list) connection.answer = wire::framed("\x0f\xff\xff\xff");
    if (mood == Mood::compressed) connection.answer.front() = '\1';
    if (mood == Mood::giant) connection.answer = std::string("\0\xff\xff\xff\xff", 5);
    if (mood == Mood::cut) connection.answer.resize(connection.answer.size() - 3);
    if (mood == Mood::another_pod)
      connection.answer = wire::framed(wire::field(1, sandboxes_.front().message()));
    if (mood == Mood::endless) {
      const FakeSandbox large{.uid = std::string(36, 'e'),
                              .annotations = {{"a/b", std::string(60000, 'x')}}};
      connection.answer = std::string("\0\0\xff\xff\xff", 5) + wire::field(1, large.message());
      connection.endless = true;
    }
    const std::string names[2] = {":status", "content-type"};
    const std::string values[2] = {"200", "application/grpc"};
    const nghttp2_nv headers[2] = {header(names[0], values[0]), header(names[1], values[1])};
    nghttp2_data_provider body{};
    body.read_callback = read_answer;
    nghttp2_submit_response(session, stream, headers, 2, &body);
  }
  static void refuse(nghttp2_session* session, std::int32_t stream, const std::string& http,
                     const std::string& grpc) {
    const std::string names[3] = {":status", "grpc-status", "grpc-message"};
    const std::string message = "no such thing";
    const nghttp2_nv headers[3] = {header(names[0], http), header(names[1], grpc),
                                   header(names[2], message)};
    nghttp2_submit_response(session, stream, headers, 3, nullptr);
  }

  std::string path_;
  std::atomic<Mood> mood_ = Mood::normal;
  std::atomic<unsigned> connections_ = 0;
  mutable std::mutex mutex_;  // of what follows
  std::string version_ = "v1";
  std::vector<FakeSandbox> sandboxes_;
  std::vector<std::pair<std::string, std::string>> requests_;
  File listener_;
  File stop_;
  std::thread thread_;
};

}  // namespace iopslimit
