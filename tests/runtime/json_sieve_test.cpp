// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_sieve.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace iopslimit::json_sieve_test {
namespace {

constexpr std::array<KeptMember, 2> inside{{{"Image"}, {"Labels"}}};
constexpr std::array<KeptMember, 2> members{{{"Name"}, {"Config", inside}}};

std::string sieved(std::string_view text, std::size_t piece = 1) {
  JsonSieve sieve(members);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    sieve.feed(text.substr(0, piece));
  return sieve.kept();
}

TEST(JsonSieve, KeepsTheMembersThatAreAskedFor) {
  const struct {
    const char* text;
    const char* kept;
  } rows[] = {
      {R"({"a":{"Name":"x"},"Name":"n"})", R"({"a":{},"Name":"n"})"},
      {R"({"a":[1,{"b":[]}],"b":"str","c":12,"d":null})", R"({"a":[],"b":"","c":12,"d":null})"},
      {R"({"Config":{"Env":["A={"],"Image":"i","Labels":{"Env":[1]}},"Name":[{"x":"]"}]})",
       R"({"Config":{"Env":[],"Image":"i","Labels":{"Env":[1]}},"Name":[{"x":"]"}]})"},
      {R"({"a":{"x":"\"}\\"},"Name":"\"x\\"})", R"({"a":{},"Name":"\"x\\"})"},
      {R"({"Name":"first","Name":"second"})", R"({"Name":"first","Name":"second"})"},
      {R"({"N\u0061me":"n","Config":"text","Config":[{}]})",
       R"({"N\u0061me":"n","Config":"text","Config":[{}]})"},
      {"{ \n\t \"Name\" :  \"n\" }", "{ \"Name\" : \"n\" }"},
      {R"([{"Name":"n"}])", "[]"},
      {R"("Name")", R"("Name")"},
      {R"({"a":{"cut)", R"({"a":{)"},
      {R"({"a":1} junk {"Name":2})", R"({"a":1} junk {"Name":2})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(sieved(row.text), row.kept);
    EXPECT_EQ(sieved(row.text, 7), row.kept);
    EXPECT_EQ(sieved(row.text, 1000), row.kept);
  }
}

TEST(JsonSieve, KeepsLittleOfALargeText) {
  const std::string text =
      R"({"process":{"env":[")" + std::string(3U << 20, '\\') + R"("]},"Name":"n"})";
  EXPECT_EQ(sieved(text, 1U << 18), R"({"process":{},"Name":"n"})");
}

TEST(JsonSieve, WithoutMembersKeepsAll) {
  JsonSieve sieve({});
  sieve.feed("[ {\"a\":");
  sieve.feed(" 1}]");
  EXPECT_EQ(sieve.kept(), "[ {\"a\": 1}]");
}

}  // namespace
}  // namespace iopslimit::json_sieve_test
