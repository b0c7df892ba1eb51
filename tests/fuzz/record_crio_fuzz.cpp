// SPDX-License-Identifier: Apache-2.0
// CRI-O's records: whatever the pod's annotations are, none makes a container a sandbox or becomes
// a label.
#include <array>
#include <cstdint>
#include <string>

#include "record_text.hpp"
#include "runtime/crio.hpp"

namespace {

using namespace iopslimit;

constexpr std::array<std::string_view, 10> annotation_keys{"io.kubernetes.cri-o.ContainerType",
                                                           "io.kubernetes.cri-o.SandboxID",
                                                           "io.kubernetes.cri-o.Image",
                                                           "io.kubernetes.cri-o.ImageName",
                                                           "io.kubernetes.cri-o.Labels",
                                                           "io.kubernetes.cri-o.Namespace",
                                                           "team",
                                                           "tier",
                                                           "example.org/iops",
                                                           "x/y"};

// As the runtime does: what it writes itself stands in front, so that it is the one that counts.
std::string spec(const std::string& own, const std::string& annotations) {
  return "{\"annotations\":{" + own + (annotations == "{}" ? "" : ",") + annotations.substr(1) +
         "}";
}

void check_forgery(CrioSource& source, std::string_view bytes) {
  const std::string annotations = object_of(bytes, annotation_keys);
  const std::string text = spec(R"("io.kubernetes.cri-o.ContainerType":"container",
    "io.kubernetes.cri-o.SandboxID":")" +
                                    std::string(64, '5') +
                                    R"(","io.kubernetes.cri-o.Image":"i",
    "io.kubernetes.container.name":"web","io.kubernetes.pod.name":"p",
    "io.kubernetes.pod.namespace":"n")",
                                annotations);
  RecordAnswer answer = source.parse(FileText(text), {});
  check(answer, RuntimeHint::crio);
  auto* record = std::get_if<Record>(&answer);
  if (record == nullptr) return;  // not UTF-8
  must(!record->sandbox && record->name == "web" && record->image == "i");
  must(record->pod == "p" && record->pod_namespace == "n");
  must(source.wanted_sandbox() == std::string(64, '5'));
  const std::string sandbox =
      spec(R"("io.kubernetes.container.name":"POD","tier":"gold")", annotations);
  must(source.join(*record, FileText(sandbox), {}));
  for (const auto& label : record->labels) must(label.first == "tier" && label.second == "gold");
  check(answer, RuntimeHint::crio);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CrioSource source({}, RuntimeType::automatic, fuzz_wish);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const FileText text(bytes);
  const RecordAnswer answer = source.parse(text, {});
  check(answer, RuntimeHint::crio);
  check_sandbox(source, answer);
  Record container{.runtime = RuntimeHint::crio};
  static_cast<void>(source.join(container, text, {}));
  check(container, RuntimeHint::crio);
  if (bytes.starts_with('=')) check_forgery(source, bytes.substr(1));
  return 0;
}
