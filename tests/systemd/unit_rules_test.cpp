// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "support/recording_backend.hpp"

namespace iopslimit::unit_rules_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum disk{259, 0};
constexpr Devnum volume{252, 0};
const std::string kubepods = "/kubepods.slice";
const std::string pod = "/kubepods.slice/kubepods-pod00000000_0000_4000_8000_000000000001.slice";
const std::string scope = pod + "/cri-containerd-" + std::string(64, 'a') + ".scope";
const std::string plain =
    "/kubepods/pod00000000-0000-4000-8000-000000000001/" + std::string(64, 'a');

Targets both_devices() {
  return {{.device = {disk, "seq-of-nvme0n1", true}, .uses = {}},
          {.device = {volume, "seq-of-dm-0"}, .uses = {}}};
}

struct ByFileRow {
  CgroupVersion version;
  std::string cgroup;
  Devnum device;
  std::optional<ByFile> why;
};

TEST(ByFileAlone, OnV1WithoutAUnitAndOnWhatIsNoWholeDisk) {
  const ByFileRow rows[] = {{CgroupVersion::v2, scope, disk, std::nullopt},
                            {CgroupVersion::v2, kubepods, disk, std::nullopt},
                            {CgroupVersion::v2, pod, disk, std::nullopt},
                            {CgroupVersion::v1, scope, disk, ByFile::hierarchy},
                            {CgroupVersion::v2, plain, disk, ByFile::no_unit},
                            {CgroupVersion::v2, "/kubepods", disk, ByFile::no_unit},
                            {CgroupVersion::v2, scope, volume, ByFile::device},
                            {CgroupVersion::v2, scope, {259, 7}, ByFile::unseen}};
  for (const ByFileRow& row : rows) {
    SCOPED_TRACE(row.cgroup + " " + to_string(row.device));
    EXPECT_EQ(by_file(capabilities_of(row.version), row.cgroup, row.device, both_devices()),
              row.why);
  }
}

struct UnitRulesTest : testing::Test {
  RecordingBackend kernel;
  std::vector<std::string> announced;
  std::set<RuleKey> noted;
  std::optional<UnitRules> made;
  UnitRules::InForce in_force;

  UnitRulesTest() { start(Apply::systemd); }
  UnitRules& start(Apply apply, CgroupVersion version = CgroupVersion::v2) {
    kernel.can = capabilities_of(version);
    made.emplace(
        kernel,
        UnitRules::Needs{.emit = [this](const Event& event) { announced.push_back(event.text); },
                         .note =
                             [this](const RuleKey& key, bool known) {
                               known ? void(noted.insert(key)) : void(noted.erase(key));
                             }});
    made->configure(apply, "[service] apply (/c:3)");
    return *made;
  }
  bool takes(const std::string& cgroup, Devnum device = disk, bool total = false) {
    return made->takes(cgroup, device, total, both_devices());
  }
  /// A rule that is in force, as the daemon has it.
  void hold(const std::string& cgroup, std::uint64_t iops, Devnum device = disk) {
    in_force[cgroup] = {{device, symmetric(iops)}};
    kernel.rules[{cgroup, device}] = symmetric(iops);
  }
  void release(const std::string& cgroup) {
    in_force.erase(cgroup);
    kernel.rules.erase({cgroup, disk});
  }
  std::vector<UnitChange> changes() { return made->changes(in_force); }
  /// All that is to be told is sent, and answered so.
  std::vector<UnitChange> emit(UnitAnswer answer = UnitAnswer::taken,
                               const std::string& why = "no") {
    std::vector<UnitChange> all = changes();
    for (const UnitChange& change : all) made->sent(change);
    for (const UnitChange& change : all) made->answered(change, answer, why, in_force);
    return all;
  }
};

UnitChange change(const std::string& cgroup, std::uint64_t iops) {
  return {cgroup, {{disk, iops == 0 ? Limit{} : symmetric(iops)}}};
}

TEST_F(UnitRulesTest, ApplyDecidesWhatIsMirrored) {
  EXPECT_TRUE(takes(scope));
  EXPECT_TRUE(takes(kubepods, disk, true));
  start(Apply::automatic);
  EXPECT_FALSE(takes(scope));
  EXPECT_TRUE(takes(kubepods, disk, true));
  EXPECT_FALSE(takes(kubepods, volume, true));
  EXPECT_FALSE(takes("/kubepods", disk, true));
  start(Apply::files);
  EXPECT_FALSE(takes(scope));
  EXPECT_FALSE(takes(kubepods, disk, true));
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(UnitRulesTest, AnnouncesOnceWhyARuleIsNotMirrored) {
  EXPECT_FALSE(takes(plain));
  EXPECT_FALSE(takes(plain + "b"));
  ASSERT_THAT(announced, SizeIs(1));
  EXPECT_THAT(announced[0], HasSubstr("[service] apply (/c:3) is systemd, but"));
  EXPECT_THAT(announced[0], HasSubstr("cgroupfs"));
  EXPECT_FALSE(takes(scope, volume));
  EXPECT_FALSE(takes(pod, volume));
  ASSERT_THAT(announced, SizeIs(2));
  EXPECT_THAT(announced[1], HasSubstr("252:0"));
  EXPECT_FALSE(takes(scope, {259, 7}));
  ASSERT_THAT(announced, SizeIs(2));
  start(Apply::systemd, CgroupVersion::v1);
  EXPECT_FALSE(takes(scope));
  ASSERT_THAT(announced, SizeIs(3));
  EXPECT_THAT(announced[2], HasSubstr("cgroup v1"));
}

TEST_F(UnitRulesTest, SendsARuleOnceAndWhenItChanges) {
  hold(scope, 500);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 500)));
  EXPECT_THAT(noted, ElementsAre(RuleKey{scope, disk}));
  EXPECT_THAT(emit(), IsEmpty());
  hold(scope, 300);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 300)));
  EXPECT_THAT(emit(), IsEmpty());
}

TEST_F(UnitRulesTest, OnlyOneChangeOfAUnitIsOpen) {
  hold(scope, 500);
  const UnitChange first = changes().at(0);
  made->sent(first);
  hold(scope, 300);
  EXPECT_THAT(changes(), IsEmpty());
  made->answered(first, UnitAnswer::taken, "", in_force);
  EXPECT_THAT(changes(), ElementsAre(change(scope, 300)));
}

TEST_F(UnitRulesTest, RemovesRulesNoLongerInForce) {
  hold(scope, 500);
  emit();
  release(scope);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 0)));
  EXPECT_THAT(noted, IsEmpty());
  EXPECT_THAT(emit(), IsEmpty());
}

TEST_F(UnitRulesTest, RemovesNothingThatWasNeverSent) {
  hold(scope, 500);
  release(scope);
  EXPECT_THAT(emit(), IsEmpty());
}

TEST_F(UnitRulesTest, AContainerThatWentIsForgotten) {
  hold(scope, 500);
  emit();
  in_force.erase(scope);
  kernel.gone.insert(scope);
  EXPECT_THAT(emit(), IsEmpty());
  EXPECT_THAT(noted, IsEmpty());
}

// systemd keeps what it was told of a slice that it makes by itself, and applies it to the next.
TEST_F(UnitRulesTest, KubepodsSliceThatReturnsIsSentAgain) {
  for (const bool wanted : {false, true}) {
    hold(kubepods, 3000);
    emit();
    in_force.erase(kubepods);
    kernel.gone.insert(kubepods);
    EXPECT_THAT(emit(), IsEmpty());
    EXPECT_THAT(noted, ElementsAre(RuleKey{kubepods, disk}));
    kernel.gone.clear();
    if (wanted) hold(kubepods, 3000);
    EXPECT_THAT(emit(), ElementsAre(change(kubepods, wanted ? 3000 : 0)));
  }
}

TEST_F(UnitRulesTest, MirroredRuleStaysMirroredUnderFiles) {
  hold(scope, 500);
  emit();
  made->configure(Apply::files, "");
  EXPECT_TRUE(takes(scope));
  hold(scope, 300);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 300)));
  release(scope);
  emit();
  EXPECT_FALSE(takes(scope));
}

TEST_F(UnitRulesTest, ARestartTakesUpWhatWasNoted) {
  hold(scope, 500);
  kernel.rules[{pod, disk}] = symmetric(500);
  made->adopt({scope, disk});
  made->adopt({pod, disk});
  made->adopt({"/system.slice/sshd.service", disk});
  EXPECT_THAT(emit(), ElementsAre(change(pod, 0)));
  hold(scope, 300);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 300)));
}

TEST_F(UnitRulesTest, SendsLaterWhatCouldNotBeSent) {
  hold(scope, 500);
  EXPECT_THAT(emit(UnitAnswer::later), SizeIs(1));
  EXPECT_THAT(emit(), ElementsAre(change(scope, 500)));
  release(scope);
  EXPECT_THAT(emit(UnitAnswer::later), SizeIs(1));
  EXPECT_THAT(noted, SizeIs(1));
  EXPECT_THAT(emit(), ElementsAre(change(scope, 0)));
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(UnitRulesTest, RefusedRuleIsAnnouncedOnceAndNotRetried) {
  for (const auto answer : {UnitAnswer::refused, UnitAnswer::no_unit}) {
    start(Apply::systemd);
    announced.clear();
    hold(scope, 500);
    hold(pod, 500);
    EXPECT_THAT(emit(answer, "Access denied"), SizeIs(2));
    ASSERT_THAT(announced, SizeIs(1));
    EXPECT_THAT(announced[0], HasSubstr("Access denied"));
    hold(scope, 300);
    EXPECT_THAT(emit(), IsEmpty());
    in_force.clear();
    EXPECT_THAT(emit(answer), SizeIs(answer == UnitAnswer::refused ? 2 : 0));
    EXPECT_THAT(emit(), IsEmpty());
    EXPECT_THAT(noted, IsEmpty());
  }
}

TEST_F(UnitRulesTest, ContainerThatEndsMeanwhileIsNotAnnounced) {
  hold(scope, 500);
  const UnitChange sent = changes().at(0);
  made->sent(sent);
  in_force.erase(scope);
  kernel.gone.insert(scope);
  made->answered(sent, UnitAnswer::no_unit, "Unit not loaded", in_force);
  EXPECT_THAT(announced, IsEmpty());
  EXPECT_THAT(noted, IsEmpty());
}

TEST_F(UnitRulesTest, CorrectsAnnouncesAndLeavesToTheFileWhatSystemdWritesDifferently) {
  hold(scope, 500);
  const UnitChange sent = changes().at(0);
  made->sent(sent);
  kernel.rules[{scope, disk}] = symmetric(9000);
  made->answered(sent, UnitAnswer::taken, "", in_force);
  EXPECT_EQ(kernel.rules.at({scope, disk}), symmetric(500));
  ASSERT_THAT(announced, SizeIs(1));
  EXPECT_THAT(announced[0], HasSubstr("9000"));
  EXPECT_THAT(emit(), IsEmpty());
  made->doubt(scope);
  EXPECT_THAT(emit(), IsEmpty());
  release(scope);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 0)));
}

TEST_F(UnitRulesTest, AnOlderLimitThatSystemdWritesLateIsPutRightWithoutAWord) {
  hold(scope, 500);
  const UnitChange sent = changes().at(0);
  made->sent(sent);
  hold(scope, 300);
  kernel.rules[{scope, disk}] = symmetric(500);
  made->answered(sent, UnitAnswer::taken, "", in_force);
  EXPECT_EQ(kernel.rules.at({scope, disk}), symmetric(300));
  EXPECT_THAT(announced, IsEmpty());
  EXPECT_THAT(emit(), ElementsAre(change(scope, 300)));
}

TEST_F(UnitRulesTest, AfterALiftAnotherOnesRuleIsLeftAlone) {
  hold(scope, 500);
  emit();
  release(scope);
  const UnitChange sent = changes().at(0);
  made->sent(sent);
  kernel.rules[{scope, disk}] = symmetric(70);
  made->answered(sent, UnitAnswer::taken, "", in_force);
  EXPECT_EQ(kernel.rules.at({scope, disk}), symmetric(70));
}

TEST_F(UnitRulesTest, SendsAgainInDoubt) {
  hold(scope, 500);
  emit();
  made->doubt(pod);
  EXPECT_THAT(emit(), IsEmpty());
  made->doubt(scope);
  EXPECT_THAT(emit(), ElementsAre(change(scope, 500)));
}

}  // namespace
}  // namespace iopslimit::unit_rules_test
