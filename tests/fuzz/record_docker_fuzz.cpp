// SPDX-License-Identifier: Apache-2.0
// docker's records hold what images bring along: outside of pods that makes nothing a sandbox.
#include <array>
#include <cstdint>
#include <string>

#include "record_text.hpp"
#include "runtime/docker.hpp"

namespace {

using namespace iopslimit;

constexpr std::array<std::string_view, 9> label_keys{"io.kubernetes.docker.type",
                                                     "io.kubernetes.container.name",
                                                     "io.kubernetes.pod.name",
                                                     "io.kubernetes.pod.namespace",
                                                     "io.kubernetes.sandbox.id",
                                                     "team",
                                                     "tier",
                                                     "annotation.example.org/iops",
                                                     "annotation.x/y"};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static DockerSource source({}, RuntimeType::automatic, fuzz_wish);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string json(bytes);
  if (bytes.starts_with('=')) {  // the first line is the name, the others are labels
    const std::string_view name = bytes.substr(1, bytes.find('\n') - 1);
    json = "{\"Name\":" + quoted("/k8s_" + std::string(name)) +
           ",\"Config\":{\"Image\":\"i\",\"Labels\":" +
           object_of(bytes.substr(std::min(size, name.size() + 2)), label_keys) + "}}";
  }
  const FileText text(json);
  const RecordAnswer in_pod = source.parse(text, {.pod_uid = "u"});
  check(in_pod, RuntimeHint::docker);
  check_sandbox(source, in_pod);
  const RecordAnswer plain = source.parse(text, {});
  check(plain, RuntimeHint::docker);
  must(in_pod.index() == plain.index());
  const auto* record = std::get_if<Record>(&plain);
  if (record == nullptr) return 0;
  must(!record->sandbox && record->pod.empty() && record->pod_namespace.empty());
  must(source.wanted_sandbox().empty() && record->annotations.empty());
  Record container{.runtime = RuntimeHint::docker, .name = "web"};
  const bool joined = source.join(container, text, {});
  must(joined == std::get<Record>(in_pod).sandbox && container.name == "web");
  must(joined || (container.labels.empty() && container.annotations.empty()));
  return 0;
}
