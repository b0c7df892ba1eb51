// SPDX-License-Identifier: Apache-2.0
#include "metrics/textfile.hpp"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include "loop/file.hpp"

namespace iopslimit {

std::error_code write_metrics(const std::string& path,
                              const std::vector<prometheus::MetricFamily>& families) {
  return replace_file(path, prometheus::TextSerializer().Serialize(families), Readers::everybody);
}

void remove_metrics(const std::string& path) {
  unlink(path.c_str());
}

std::string metrics_hint(std::error_code error) {
  // The errors that a service with ProtectSystem=strict, running as root without capabilities, gets
  // outside of its own folder.
  const bool forbidden = error == std::errc::read_only_file_system ||
                         error == std::errc::permission_denied ||
                         error == std::errc::operation_not_permitted;
  return forbidden ? "the unit lets the service write below /run/iops-limitd alone: write the file "
                     "there, or add ReadWritePaths= with a drop-in (systemctl edit iops-limitd) to "
                     "a folder that root owns"
                   : "";
}

}  // namespace iopslimit
