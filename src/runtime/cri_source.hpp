// SPDX-License-Identifier: Apache-2.0
// What the runtimes of the kubelet have in common: a file for each container, and the pod's sandbox
// is a container that has such a file too.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/file.hpp"
#include "runtime/record_files.hpp"
#include "runtime/source.hpp"

namespace iopslimit {
namespace record_json {
struct Buffers;
}  // namespace record_json

class CriSource : public RuntimeSource {
 public:
  CriSource(const CriSource&) = delete;
  CriSource& operator=(const CriSource&) = delete;
  ~CriSource() override;

  RecordAnswer read(const ContainerPath& container) final;
  void read_large_with(LargeFiles* large) final { files_.read_large_with(large); }
  std::vector<RecordFile> awaited_files(const ContainerPath& container) const final;

  /// Turns the whole text of a container's file into its record.
  RecordAnswer parse(const FileText& text, const ContainerPath& container);

  /// The ID of the sandbox whose record would provide what the last parsed record lacks. Empty if
  /// nothing is lacking or the record does not name its sandbox by a valid ID.
  std::string_view wanted_sandbox() const { return sandbox_id_; }

  /// Adds the content of `text`, the record of its sandbox, to `record`. `record` must be the last
  /// one parsed, and wanted_sandbox() must not be empty. Returns false, and adds nothing, if `text`
  /// is not the record of a sandbox.
  virtual bool join(Record& record, const FileText& text, const ContainerPath& container) = 0;

 protected:
  /// `type`: see may_have_record(). `request`: the labels and annotations to keep. `members`: what
  /// parse() and join() take from a text.
  CriSource(RuntimeHint runtime, RuntimeType type, RecordRequest request,
            std::span<const KeptMember> members);

  const RecordRequest& request() const { return request_; }
  /// The buffers of the text that is being parsed.
  record_json::Buffers& json() const { return *json_; }

  void add_place(const std::string& root, const std::string& folder, const char* inner,
                 const char* file) {
    files_.add(root, folder, inner, file);
  }

 private:
  /// Sets `sandbox_id` to what the record names its sandbox, if it lacks something that the
  /// sandbox's record has. The view is valid until the next text is read or parsed.
  virtual RecordAnswer parse_record(const FileText& text, const ContainerPath& container,
                                    std::string_view& sandbox_id) = 0;

  RuntimeHint runtime_;
  RuntimeType type_;
  RecordRequest request_;
  std::unique_ptr<record_json::Buffers> json_;
  RecordFiles files_;
  std::string sandbox_id_;   // this and missing_for_ are members to keep their memory
  std::string missing_for_;  // the cgroup whose sandbox's record was missing in the last read()
};

}  // namespace iopslimit
