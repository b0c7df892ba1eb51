// SPDX-License-Identifier: Apache-2.0
#include "runtime/cri_source.hpp"

#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {

CriSource::CriSource(RuntimeHint runtime, RuntimeType type, RecordRequest request,
                     std::span<const KeptMember> members)
    : runtime_(runtime),
      type_(type),
      request_(std::move(request)),
      json_(std::make_unique<record_json::Buffers>()),
      files_(members) {}

CriSource::~CriSource() = default;

RecordAnswer CriSource::parse(const FileText& text, const ContainerPath& container) {
  std::string_view sandbox_id;
  RecordAnswer answer = parse_record(text, container, sandbox_id);
  sandbox_id_ = is_container_id(sandbox_id) ? sandbox_id : std::string_view();
  return answer;
}

RecordAnswer CriSource::read(const ContainerPath& container) {
  missing_for_.clear();
  if (!may_have_record(container, type_, runtime_)) return NoRecord{};
  RecordAnswer answer =
      files_.read(container.id, [&](const FileText& text) { return parse(text, container); });
  auto* record = std::get_if<Record>(&answer);
  if (record == nullptr || sandbox_id_.empty()) return answer;
  using Found = RecordFiles::Found;
  const Found found = files_.find(
      sandbox_id_, [&](const FileText& text) { return join(*record, text, container); });
  record->incomplete = found != Found::yes;
  if (found == Found::large) record->lack = Record::Lack::large;
  if (found == Found::unusable) record->lack = Record::Lack::unusable;
  if (record->incomplete) missing_for_ = container.cgroup;
  return answer;
}

std::vector<RecordFile> CriSource::awaited_files(const ContainerPath& container) const {
  if (!missing_for_.empty() && missing_for_ == container.cgroup)
    return files_.files_of(sandbox_id_);
  if (!may_have_record(container, type_, runtime_)) return {};
  return files_.files_of(container.id);
}

}  // namespace iopslimit
