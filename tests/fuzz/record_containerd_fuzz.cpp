// SPDX-License-Identifier: Apache-2.0
// A bundle of containerd's holds what a pod's author wrote: environment, arguments, annotations.
#include <array>
#include <cstdint>
#include <string>

#include "policy/policy.hpp"
#include "record_text.hpp"
#include "runtime/containerd.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  static ContainerdSource source({}, {}, RuntimeType::automatic, fuzz_wish);
  static const ContainerPath path{.pod_uid = "u"};
  static const Config config;
  constexpr std::array<std::string_view, 9> keys{"io.kubernetes.cri.container-type",
                                                 "io.kubernetes.cri.container-name",
                                                 "io.kubernetes.cri.image-name",
                                                 "io.kubernetes.cri.sandbox-name",
                                                 "io.kubernetes.cri.sandbox-namespace",
                                                 "io.kubernetes.cri.sandbox-id",
                                                 "io.kubernetes.cri.sandbox-log-directory",
                                                 "example.org/iops",
                                                 "x/y"};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string json(bytes);
  if (bytes.starts_with('=')) json = "{\"annotations\":" + object_of(bytes.substr(1), keys) + "}";
  const FileText text(json);
  const RecordAnswer answer = source.parse(text, path);
  check(answer, RuntimeHint::containerd);
  check_sandbox(source, answer);
  const auto* record = std::get_if<Record>(&answer);
  if (record == nullptr) return 0;
  static_cast<void>(decide(config, {}, record));
  must(record->labels.empty());
  Record container{.runtime = RuntimeHint::containerd, .name = "web"};
  const bool joined = source.join(container, text, path);
  must(joined == record->sandbox && container.name == "web" && !container.sandbox);
  must(joined || container.pod.empty());
  return 0;
}
