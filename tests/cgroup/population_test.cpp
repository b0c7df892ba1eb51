// SPDX-License-Identifier: Apache-2.0
#include "cgroup/population.hpp"

#include <gmock/gmock.h>

#include <string>

#include "support/temp_tree.hpp"

namespace iopslimit::population_test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::string id(64, 'a');
const std::string container = "/kubepods/pod0a/" + id;
const std::string scope = "/kubepods.slice/kubepods-pod0a.slice/cri-containerd-" + id + ".scope";

struct Population : testing::Test {
  TempTree tree;

  void cgroup(const std::string& path, const std::string& processes = "") {
    tree.file(path + "/cgroup.procs", processes);
  }
};

TEST_F(Population, FindsChildrenWithProcessesAtAnyDepth) {
  cgroup(container, "1\n");
  EXPECT_THAT(populated_below(tree.root(), container), IsEmpty());
  cgroup(container + "/docker");
  cgroup(container + "/docker/" + id, "2\n");
  cgroup(container + "/a", "3\n");
  EXPECT_THAT(populated_below(tree.root(), container),
              UnorderedElementsAre(container + "/docker/" + id, container + "/a"));
  EXPECT_THAT(populated_below(tree.root(), "/nothing"), IsEmpty());
}

TEST_F(Population, SearchEndsWhateverAContainerMakes) {
  std::string deep = container;
  for (int i = 0; i < 40; ++i) deep += "/d";
  cgroup(deep, "1\n");
  for (int i = 0; i < 400; ++i) cgroup(container + "/x" + std::to_string(i), "1\n");
  EXPECT_THAT(populated_below(tree.root(), container), SizeIs(testing::Le(256U)));
}

TEST_F(Population, FindsAContainerOfAUsersOwnRuntime) {
  const std::string user = "/user.slice/user-1000.slice";
  const std::string own = user + "/user@1000.service/user.slice";
  cgroup(user + "/session-1.scope", "1\n");
  cgroup(own + "/podman-pause-f14f0a37.scope", "2\n");
  cgroup(own + "/libpod-conmon-" + id + ".scope", "3\n");
  cgroup(user + "/user@1001.service/user.slice/libpod-" + id + ".scope", "4\n");
  EXPECT_EQ(users_container(tree.root()), "") << "a session, a monitor, another user's name";
  cgroup(own + "/libpod-" + id + ".scope", "5\n");
  EXPECT_EQ(users_container(tree.root()), own + "/libpod-" + id + ".scope");
  EXPECT_EQ(users_container(tree.root() + "/nothing"), "");
}

TEST_F(Population, StraysAreChildrenWithoutARuleOfTheirOwn) {
  cgroup(container, "1\n");
  cgroup(container + "/docker/" + id, "2\n");
  cgroup(scope);
  cgroup(scope + "/container", "3\n");
  cgroup(scope + "/other", "4\n");
  cgroup(scope + "/container/exec", "5\n");
  const std::vector<ContainerPath> paths{parse_cgroup("/kubepods/pod0a"), parse_cgroup(container),
                                         parse_cgroup(scope), parse_cgroup(scope + "/container")};
  std::vector<std::string> found;
  for (const Stray& stray : strays(tree.root(), paths)) {
    EXPECT_TRUE(stray.cgroup.starts_with(stray.container->cgroup + "/"));
    found.push_back(stray.cgroup);
  }
  EXPECT_THAT(found, UnorderedElementsAre(container + "/docker/" + id, scope + "/other",
                                          scope + "/container/exec"));
}

TEST_F(Population, EmptyIsACgroupWithoutProcessesInItAndBelow) {
  cgroup(container);
  EXPECT_TRUE(is_empty(tree.root(), container));
  cgroup(container + "/a/b", "1\n");
  EXPECT_FALSE(is_empty(tree.root(), container));
  cgroup(scope, "1\n");
  EXPECT_FALSE(is_empty(tree.root(), scope));
  EXPECT_FALSE(is_empty(tree.root(), "/nothing")) << "not known";
}

}  // namespace
}  // namespace iopslimit::population_test
