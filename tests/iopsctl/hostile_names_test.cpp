// SPDX-License-Identifier: Apache-2.0
// Text of a pod's author that is unfit for a terminal, in every screen and every document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "advice/advice.hpp"
#include "iopsctl/json_text.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/top_view.hpp"
#include "iopsctl/verify.hpp"
#include "report/utf8.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit::hostile_names_test {
namespace {

// Moves the cursor, begins a line, turns the text around, is no UTF-8.
const std::string hostile = "a\x1b[2J\nb\r\u202ec\xC2\x9B\u2028\xFF";

WorkloadView hostile_container() {
  WorkloadView one = sample_container('a', hostile, "p0", hostile);
  one.pod = hostile;
  one.image = hostile;
  one.reason = hostile;
  one.error = hostile;
  one.path.cgroup = "/kubepods/" + hostile;
  return one;
}

Snapshot hostile_snapshot() {
  Snapshot snapshot = sample_snapshot();
  snapshot.containers.push_back(hostile_container());
  snapshot.totals.push_back({.cgroup = hostile, .rules = snapshot.totals[0].rules});
  for (std::string* text :
       {&snapshot.version, &snapshot.hierarchy, &snapshot.runtime_socket, &snapshot.last_error,
        &snapshot.devices[1].mount, &snapshot.devices[1].name, &snapshot.devices[1].text})
    *text = hostile;
  snapshot.last_error_at = 1;
  snapshot.problems = {hostile};
  snapshot.devices[0].cautions = {hostile};
  return snapshot;
}

void expect_plain(const Lines& lines, const char* output) {
  EXPECT_FALSE(lines.empty()) << output;
  for (const std::string& line : lines) EXPECT_EQ(sanitize_utf8(line), line) << output;
}

// The lines of a document are its own: a name cannot add one, since its line feed is no character.
void expect_plain(const std::string& document, const char* output) {
  EXPECT_THAT(document, testing::HasSubstr("a?[2J?b")) << output;
  EXPECT_EQ(plain_lines(document), document) << output;
}

const Explained explained{hostile_container(), {hostile}};
const std::map<std::string, std::vector<Rule>> no_kernel;

Comparison hostile_comparison() {
  return {.rules = 1,
          .differences = {{.cgroup = hostile, .shown = hostile, .text = hostile}},
          .missing = {{.cgroup = hostile, .shown = hostile, .text = hostile}}};
}

TEST(HostileNames, AreSafeInEveryScreen) {
  const Snapshot snapshot = hostile_snapshot();
  expect_plain(status_screen(snapshot, 0, {}), "status");
  expect_plain(kernel_status_screen(snapshot, {}), "status without the service");
  expect_plain(list_screen(snapshot, {}, true, 0, {}), "list");
  expect_plain(devices_screen(snapshot, {}), "devices");
  expect_plain(explain_screen({explained}, no_kernel, 0, {}), "explain");
  expect_plain(verify_screen(hostile_comparison(), {}), "verify");
  expect_plain(health_screen(health_of(snapshot, hostile_comparison()), {}), "health");
  TopView top;
  top.show(snapshot, {}, true);
  expect_plain(top.lines({}, 0), "top");
}

TEST(HostileNames, AreSafeInEveryDocument) {
  const Snapshot snapshot = hostile_snapshot();
  const Advice advice{.pod_namespace = hostile, .workload = hostile, .container = hostile};
  expect_plain(status_json(snapshot, "service"), "status");
  expect_plain(list_json(snapshot, {}, "service"), "list");
  expect_plain(devices_json(snapshot, "service"), "devices");
  expect_plain(explain_json({explained}, no_kernel), "explain");
  expect_plain(advise_json({advice}), "advise");
  expect_plain(verify_json(hostile_comparison()), "verify");
  expect_plain(health_json(health_of(snapshot, hostile_comparison())), "health");
  expect_plain(done_json("pause", Match{.name = hostile, .cgroup = hostile}, {}), "pause");
  expect_plain(done_json("pause", Match{.name = hostile, .pod_uid = hostile}, {}), "pause a pod");
}

}  // namespace
}  // namespace iopslimit::hostile_names_test
