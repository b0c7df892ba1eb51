// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limit/limit.hpp"

namespace iopslimit::values_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// A row is good when `wrong` is empty, and then `value` counts; else every word of `wrong` is in
// the message.
template <typename Value>
struct Row {
  // GCC 12 crashes on a default member initialiser here.
  Row(std::string text_, Value value_, std::vector<std::string> wrong_ = {})
      : text(std::move(text_)), value(std::move(value_)), wrong(std::move(wrong_)) {}
  std::string text;
  Value value;
  std::vector<std::string> wrong;
};

template <typename Value, typename Parse>
void expect_rows(const std::vector<Row<Value>>& rows, Parse parse) {
  for (const Row<Value>& row : rows) {
    SCOPED_TRACE("text: '" + row.text + "'");
    Value value{};
    const std::optional<Problem> wrong = parse(row.text, value);
    if (row.wrong.empty()) {
      EXPECT_EQ(wrong, std::nullopt);
      EXPECT_EQ(value, row.value);
      continue;
    }
    ASSERT_TRUE(wrong) << "must be refused";
    for (const std::string& word : row.wrong) EXPECT_THAT(*wrong, HasSubstr(word));
  }
}

using Number = std::uint64_t;
using Words = std::vector<std::string>;

TEST(ParseIops, Table) {
  const std::string range = "0 for unlimited, or 2 to 4294967294";
  expect_rows<Number>(
      {
          {"0", 0},
          {"2", 2},
          {"500", 500},
          {"0500", 500},
          {"4294967294", max_iops},
          {"1", 0, {"'1' is refused", "some kernels refuse 1", "0 for unlimited", "2 and more"}},
          {"4294967295", 0, {"too large", "the largest is 4294967294", range}},
          {"4294967296", 0, {"too large"}},
          {"18446744073709551616", 0, {"too large"}},
          {std::string(3000, '9'), 0, {"too large", "..."}},
          {"", 0, {"has no value", range}},
          {"-5", 0, {"'-5' is negative", range}},
          {"-0", 0, {"negative"}},
          {"abc", 0, {"'abc' is not a number", range}},
          {"+5", 0, {"not a number"}},
          {"unlimited", 0, {"not a number", "0 for unlimited"}},
          {"500x", 0, {"'x' after the number", range}},
          {"5 0", 0, {"' 0' after the number"}},
          {"5K", 0, {"'K' after the number", "without a suffix"}},
          {"0x10", 0, {"'x10' after the number"}},
          {"1.5", 0, {"'.5' after the number"}},
          {"5e3", 0, {"'e3' after the number"}},
          {"500;x", 0, {"';x' after the number"}},
      },
      parse_iops);
}

TEST(ParseBps, Table) {
  expect_rows<Number>(
      {
          {"0", 0},
          {"0K", 0},
          {"2", 2},
          {"1K", 1024},
          {"100M", 104857600},
          {"1G", 1073741824},
          {"17179869183G", 18446744072635809792U},
          {"18446744073709551614", max_bps},
          {"1", 0, {"some kernels refuse 1"}},
          {"17179869184G", 0, {"too large", "the largest is 18446744073709551614"}},
          {"18014398509481984K", 0, {"too large"}},
          {"18446744073709551615", 0, {"too large"}},
          {"99999999999999999999K", 0, {"too large"}},
          {"", 0, {"has no value", "suffixes K, M, G (1024)"}},
          {"-1M", 0, {"negative"}},
          {"M", 0, {"not a number"}},
          {"10m", 0, {"'m' after the number", "K, M, G"}},
          {"10MB", 0, {"'MB' after the number"}},
          {"10 M", 0, {"' M' after the number"}},
          {"10T", 0, {"'T' after the number"}},
          {"1.5G", 0, {"'.5G' after the number"}},
      },
      parse_bps);
}

TEST(ParseSeconds, Table) {
  using std::chrono::seconds;
  expect_rows<seconds>(
      {
          {"0", seconds(0)},
          {"1", seconds(1)},
          {"30", seconds(30)},
          {"86400", seconds(86400)},
          {"86401", {}, {"too large", "the largest is 86400"}},
          {"30s", {}, {"'s' after the number", "a whole number of seconds"}},
          {"-1", {}, {"negative", "0 (off) to 86400"}},
          {"", {}, {"has no value"}},
          {"soon", {}, {"not a number"}},
      },
      parse_seconds);
}

TEST(ParseHalfLife, Table) {
  using std::chrono::hours;
  expect_rows<std::chrono::seconds>(
      {
          {"24h", hours(24)},
          {"1h", hours(1)},
          {"7d", hours(168)},
          {"720h", hours(720)},
          {"30d", hours(720)},
          {"31d", {}, {"too large", "1d to 30d"}},
          {"721h", {}, {"too large", "1h to 720h"}},
          {"0h", {}, {"too short"}},
          {"24", {}, {"is no such time"}},
          {"90m", {}, {"is no such time"}},
          {"h", {}, {"has no value"}},
          {"", {}, {"is no such time"}},
          {"-1d", {}, {"negative"}},
          {"1.5d", {}, {"after the number"}},
      },
      parse_half_life);
}

TEST(ParseBoolean, Table) {
  expect_rows<bool>(
      {
          {"yes", true},
          {"true", true},
          {"on", true},
          {"1", true},
          {"no", false},
          {"false", false},
          {"off", false},
          {"0", false},
          {"", false, {"has no value", "yes, no, true, false, on, off, 1, 0"}},
          {"yess", false, {"'yess' is not known", "did you mean 'yes'"}},
          {"maybe", false, {"'maybe' is not known", "one of: yes, no"}},
          {"2", false, {"not known"}},
      },
      parse_boolean);
}

TEST(ParseWords, Table) {
  expect_rows<Words>(
      {
          {"", {}},
          {"  ", {}},
          {",", {}},
          {"pause", {"pause"}},
          {"pause, istio-proxy ,psmdb", {"pause", "istio-proxy", "psmdb"}},
          {" a,,b, ", {"a", "b"}},
          {"pause istio-proxy", {}, {"'pause istio-proxy' holds white space", "commas between"}},
          {"a, b\tc", {}, {"white space"}},
      },
      parse_words);
}

TEST(ParsePath, Table) {
  expect_rows<std::string>(
      {
          {"/data", "/data"},
          {"/data/", "/data"},
          {"//data///one/./two/.", "/data/one/two"},
          {"/", "/"},
          {"/var/lib/my data", "/var/lib/my data"},
          {"/data/..hidden", "/data/..hidden"},
          {"", "", {"has no value", "absolute path"}},
          {"data", "", {"'data' is not an absolute path", "from the root"}},
          {"./data", "", {"not an absolute path"}},
          {"../data", "", {"not an absolute path"}},
          {"~/data", "", {"not an absolute path"}},
          {"/data/../etc", "", {"'/data/../etc' holds '..'"}},
          {"/..", "", {"holds '..'"}},
      },
      parse_path);
}

TEST(ParseMetrics, Table) {
  expect_rows<std::string>(
      {
          {"", ""},
          {"/run/iops-limitd/iops-limitd.prom", "/run/iops-limitd/iops-limitd.prom"},
          {"/run//a.prom", "/run/a.prom"},
          {"a.prom", "", {"'a.prom' is not an absolute path"}},
          {"/run/a.txt", "", {"'/run/a.txt' is not the name of a .prom file"}},
          {"/run/.prom", "", {"is not the name of a .prom file"}},
          {"/run/a.prom/", "", {"is not the name of a .prom file"}},
          {"/run/../a.prom", "", {"holds '..'"}},
      },
      parse_metrics);
}

TEST(ParseFeatures, Table) {
  expect_rows<std::string>(
      {
          {"", ""},
          {"/run//features.d/iops", "/run/features.d/iops"},
          {"iops", "", {"'iops' is not an absolute path"}},
          {"/run/.iops", "", {"is not the name of a file that node-feature-discovery reads"}},
          {"/run/features.d/", "", {"'/run/features.d/' is not the name of a file"}},
          {"/run/../iops", "", {"holds '..'"}},
      },
      parse_features);
}

TEST(ParseSocket, Table) {
  expect_rows<std::string>(
      {
          {"auto", "auto"},
          {"no", "no"},
          {"/run//crio/crio.sock", "/run/crio/crio.sock"},
          {"yes", "", {"'yes' is neither auto, no nor an absolute path"}},
          {"", "", {"is neither auto, no nor an absolute path"}},
          {"/run/../crio.sock", "", {".."}},
      },
      parse_socket);
}

TEST(ParsePaths, Table) {
  expect_rows<Words>(
      {
          {"", {}},
          {"/run/a", {"/run/a"}},
          {"/run/a/, /run/b", {"/run/a", "/run/b"}},
          {"/run/a, run/b", {}, {"'run/b' is not an absolute path"}},
      },
      parse_paths);
}

TEST(ParseName, Table) {
  expect_rows<std::string>(
      {
          {"k8s.io", "k8s.io"},
          {"moby", "moby"},
          {"a_b-c.1", "a_b-c.1"},
          {"", "", {"has no value"}},
          {"..", "", {"'..' is not a name"}},
          {".hidden", "", {"not a name"}},
          {"k8s/io", "", {"not a name"}},
          {"k8s io", "", {"not a name"}},
      },
      parse_name);
}

TEST(ParseNames, Table) {
  using Names = std::vector<std::string>;
  expect_rows<Names>(
      {
          {"k8s.io", Names{"k8s.io"}},
          {" k8s.io , moby,", Names{"k8s.io", "moby"}},
          {"", {}, {"has no value"}},
          {" , ", {}, {"has no value"}},
          {"k8s.io, ../x", {}, {"'../x' is not a name"}},
      },
      parse_names);
}

TEST(ParsePrefixes, Table) {
  using Names = std::vector<std::string>;
  expect_rows<Names>(
      {
          {"", Names{}},
          {"iopslimit.org", Names{"iopslimit.org"}},
          {"iopslimit.org, kubediskguard.io", Names{"iopslimit.org", "kubediskguard.io"}},
          {"iopslimit.org/",
           {},
           {"'iopslimit.org/' is not an annotation prefix", "before the '/'"}},
          {"two words", {}, {"not an annotation prefix"}},
      },
      parse_prefixes);
}

TEST(ParseStandalone, Table) {
  expect_rows<Standalone>(
      {
          {"", Standalone{}},
          {"docker", Standalone{.docker = true}},
          {"podman, docker", Standalone{.docker = true, .podman = true}},
          {"docker, crio", {}, {"'crio' is not known", "docker, podman"}},
      },
      parse_standalone);
}

TEST(ParseGlob, Table) {
  expect_rows<std::string>(
      {
          {"db-*", "db-*"},
          {"*", "*"},
          {"", "", {"has no value", "db-*"}},
      },
      parse_glob);
}

enum class Colour { red, green };

TEST(ParseEnum, TheExactWordOnly) {
  const std::vector<EnumWord<Colour>> words = {{"red", Colour::red}, {"green", Colour::green}};
  Colour value = Colour::red;
  EXPECT_EQ(parse_enum<Colour>("green", words, value), std::nullopt);
  EXPECT_EQ(value, Colour::green);
  EXPECT_THAT(parse_enum<Colour>("gren", words, value),
              testing::Optional(HasSubstr("did you mean 'green'?")));
  EXPECT_THAT(parse_enum<Colour>("GREEN", words, value),
              testing::Optional(HasSubstr("did you mean 'green'?")));
  EXPECT_THAT(parse_enum<Colour>("", words, value),
              testing::Optional(HasSubstr("has no value; write one of: red, green")));
  EXPECT_THAT(parse_enum<Colour>("blue", words, value),
              testing::Optional(HasSubstr("'blue' is not known")));
}

}  // namespace
}  // namespace iopslimit::values_test
