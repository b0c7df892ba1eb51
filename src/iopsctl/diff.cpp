// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <limits>

#include "api/bus_service.hpp"
#include "iopsctl/json_text.hpp"
#include "iopsctl/preview_screen.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/verbs.hpp"
#include "terminal/display.hpp"
#include "terminal/terminal.hpp"

namespace iopslimit {

int diff(const Arguments& arguments) try {
  const PreviewView view = Client(arguments.paths).preview();
  if (arguments.json) {
    print(preview_json(view));
  } else {
    constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
    print(preview_screen(view, all, output_style()));
  }
  return view.empty() ? exit_good : exit_bad;
} catch (const CallRefused& error) {
  const int status = error.name == config_refused ? exit_config : status_of(error);
  std::fprintf(stderr, "%s%s\n",
               status == exit_config ? "" : "iopsctl: ", printable_lines(error.what()).c_str());
  return status == exit_bad ? exit_usage : status;  // 1 says that there are differences
}

}  // namespace iopslimit
