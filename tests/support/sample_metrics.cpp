// SPDX-License-Identifier: Apache-2.0
// Writes the sample's metrics to a file, as the service does. Usage: sample_metrics FILE
#include "support/sample_metrics.hpp"

#include <cstdio>

#include "loop/file.hpp"
#include "metrics/textfile.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto error = iopslimit::replace_file(
      argv[1], iopslimit::metrics_text(iopslimit::metrics_of(iopslimit::sample_measured())));
  if (error) std::fprintf(stderr, "%s: %s\n", argv[1], error.message().c_str());
  return error ? 1 : 0;
}
