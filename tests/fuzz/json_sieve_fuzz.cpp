// SPDX-License-Identifier: Apache-2.0
// A record that was reduced piece by piece says the same as the whole text.
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string>

#include "record_text.hpp"
#include "runtime/containerd.hpp"
#include "runtime/docker.hpp"
#include "runtime/json_sieve.hpp"

namespace {

using namespace iopslimit;

constexpr std::array<KeptMember, 1> oci{{{"annotations"}}};
constexpr std::array<KeptMember, 2> config{{{"Image"}, {"Labels"}}};
constexpr std::array<KeptMember, 2> docker{{{"Name"}, {"Config", config}}};

std::string sieved(std::string_view text, std::span<const KeptMember> members, std::size_t piece) {
  JsonSieve sieve(members);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    sieve.feed(text.substr(0, piece));
  return sieve.kept();
}

// The parser of the records passes over much that is no JSON, differently with and without what is
// left out.
bool is_json(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

void compare(CriSource& source, const std::string& text, std::span<const KeptMember> members,
             const ContainerPath& path) {
  const RecordAnswer whole = source.parse(FileText(text), path);
  const std::string sandbox(source.wanted_sandbox());
  const std::string kept = sieved(text, members, 1 + text.size() % 7);
  must(kept == sieved(text, members, text.size() + 1) && kept.size() <= text.size());
  if (!is_json(text)) return;
  const RecordAnswer reduced = source.parse(FileText(kept), path);
  must(reduced.index() == whole.index());
  if (!std::holds_alternative<Record>(whole)) return;
  must(reduced == whole);
  must(source.wanted_sandbox() == sandbox);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ContainerdSource containerd({}, {}, RuntimeType::automatic, fuzz_wish);
  static DockerSource shims({}, RuntimeType::automatic, fuzz_wish);
  const std::string text(reinterpret_cast<const char*>(data), size);
  const ContainerPath in_pod{.pod_uid = "u"};
  for (const std::string& record :
       {text, R"({"process":)" + text + R"(,"annotations":{"x/a":"1"},"linux":)" + text + "}"})
    compare(containerd, record, oci, in_pod);
  for (const std::string& record :
       {text, R"({"Config":{"Env":)" + text + R"(,"Labels":{"team":"a"}},"Name":"n"})"})
    compare(shims, record, docker, {});
  return 0;
}
