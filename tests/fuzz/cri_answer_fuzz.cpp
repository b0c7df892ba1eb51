// SPDX-License-Identifier: Apache-2.0
// What a runtime's socket may answer: the list of sandboxes whatever the pieces, a sandbox, and the
// HTTP/2 around them.
#include <cstdint>
#include <string>
#include <vector>

#include "record_text.hpp"
#include "runtime/cri_messages.hpp"
#include "runtime/grpc_call.hpp"

namespace {

using namespace iopslimit;

struct Parts {
  std::vector<std::string> items;
  bool good = true;
  bool complete = false;
};

Parts parts_of(std::string_view bytes, std::size_t piece) {
  Parts parts;
  SandboxList list([&parts](std::string_view item) { parts.items.emplace_back(item); });
  for (; !bytes.empty() && parts.good; bytes.remove_prefix(std::min(piece, bytes.size())))
    parts.good = list.feed(bytes.substr(0, piece)) == nullptr;
  parts.complete = parts.good && list.complete();
  return parts;
}

void check(const std::string& item) {
  const auto sandbox = decode_sandbox(item, fuzz_wish);
  if (!sandbox) return;
  must(!sandbox->pod_uid.empty() && !sandbox->facts.pod.empty());
  must(sandbox->facts.annotations.size() <= Record::max_annotations);
  for (const auto& pairs : {sandbox->facts.labels, sandbox->facts.annotations}) {
    for (const auto& [key, value] : pairs) must(value.size() <= Record::max_value);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text);
  // As it is, and as a message of this size: few inputs would have a frame that fits.
  const std::string head{'\0', '\0', '\0', static_cast<char>(size >> 8U), static_cast<char>(size)};
  for (const std::string& bytes : {text, head + text}) {
    const Parts whole = parts_of(bytes, bytes.size() + 1);
    const Parts pieces = parts_of(bytes, 1 + size % 7);
    must(whole.items == pieces.items && whole.good == pieces.good &&
         whole.complete == pieces.complete);
    for (const std::string& item : whole.items) check(item);
  }
  GrpcCall call("/a", list_request(""), [](std::string_view) { return nullptr; });
  call.feed(text);
  must(call.state() != GrpcCall::State::failed || !call.why().empty());
  return 0;
}
