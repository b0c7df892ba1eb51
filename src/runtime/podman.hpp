// SPDX-License-Identifier: Apache-2.0
// podman's records: entries of the lists that containers/storage keeps.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/record_files.hpp"
#include "runtime/source.hpp"

namespace iopslimit {
namespace record_json {
class Reader;
}  // namespace record_json

/// Reads the list <storage>/overlay-containers/containers.json (containers.go of
/// containers/storage) and, for `podman run --rm`, volatile-containers.json beside it. podman keeps
/// image and name as JSON in an entry's "metadata" (podman, libpod/storage.go). Storage drivers
/// other than overlay are not supported.
class PodmanSource final : public RuntimeSource {
 public:
  /// A larger list is refused. It has about 1 KiB for each container. No pod adds to it, so a large
  /// one is kept whole and parsed at once.
  static constexpr std::size_t max_list = 32U << 20;

  explicit PodmanSource(const std::vector<std::string>& storages);
  PodmanSource(const PodmanSource&) = delete;
  PodmanSource& operator=(const PodmanSource&) = delete;
  ~PodmanSource() override;

  RecordAnswer read(const ContainerPath& container) override;
  void read_large_with(LargeFiles* large) override { files_.read_large_with(large); }
  std::vector<RecordFile> awaited_files(const ContainerPath& container) const override;

  /// Returns NoRecord if `id` is not in the list.
  RecordAnswer parse(const FileText& text, std::string_view id);

 private:
  void read_metadata(Record& record, std::string_view json);

  RecordFiles files_{{}, max_list};
  std::unique_ptr<record_json::Reader> reader_;
  std::unique_ptr<record_json::Reader> metadata_reader_;  // of the JSON within the JSON
};

}  // namespace iopslimit
