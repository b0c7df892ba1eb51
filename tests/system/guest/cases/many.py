# SPDX-License-Identifier: Apache-2.0
"""Two hundred containers under twenty policies."""
import random

import bulk_containers
import rules
from cases import case
from cases.policies import DEFAULT, shares
from limit_table import Row, configured, expect, made
from node import DEFAULT_IOPS, DEFAULT_TOTAL, in_parallel

TEAMS, EACH = 20, 10
STEP = 50  # containers between two looks at all of them
POLICIES = "[limits]\nfair_total = no\n" + "".join(
    f"[policy team-{team:02}]\nnamespace = team-{team:02}\niops = {100 + 10 * team}\n" for team in range(TEAMS))


def make_bare(node, pod, team):
    one = bulk_containers.Bare(node, pod)
    one.iops = 100 + 10 * team
    one.make()
    return one


def expect_all(node, bare, others):
    """Every container has its policy's limit, or on v1 its part of the total."""
    claims = [*(one.iops for one in bare), *[DEFAULT_IOPS] * len(others)]
    values = shares(DEFAULT_TOTAL, claims) if node.v1 else claims
    if node.v1:
        floors = sum(value for value, claim in zip(values, claims) if value < claim and value == 10)
        assert min(values) >= 10 and sum(values) - floors <= DEFAULT_TOTAL, f"the test divides badly: {values}"
    expect(node, [(one.id[:8], one.cgroup, rules.limits(value, value))
                  for one, value in zip([*bare, *others], values)], 60)
    return sum(values)


@case("two-hundred-containers-twenty-policies", spread="v2-systemd")
def bare_containers(node):
    pods, bare, sums, others = [None] * TEAMS, [], [], node.bystanders()

    def make_pod(team):
        pods[team] = node.kubelet.new_pod(f"bulk-{team}", f"team-{team:02}")

    with configured(POLICIES):
        try:
            in_parallel([lambda t=team: make_pod(t) for team in range(TEAMS)])
            order = [team for team in range(TEAMS) for _ in range(EACH)]
            random.Random(7).shuffle(order)
            for count, team in enumerate(order, 1):
                bare.append(make_bare(node, pods[team], team))
                if count % STEP == 0:
                    sums.append(expect_all(node, bare, others))
            while bare:
                for one in [bare.pop() for _ in range(2 * STEP)]:
                    one.remove()
                sums.append(expect_all(node, bare, others))
        finally:
            for one in bare:
                one.remove()
            node.remove_pods(*filter(None, pods))
        expect(node, [(one.name, one.cgroup, DEFAULT) for one in others])
    return f"{TEAMS * EACH} containers came and went, each right at every look" + (
        f"; the shares add up to {sums} of {DEFAULT_TOTAL}, never less than 10 each" if node.v1 else "")


@case("two-hundred-real-containers", cells="v2-systemd", long=True)
def real_containers(node):
    rows = [Row(f"bulk-{team}", rules.limits(100 + 10 * team, 100 + 10 * team), namespace=f"team-{team:02}",
                container=f"c{number}") for team in range(TEAMS) for number in range(EACH)]
    with configured(POLICIES), made(node, rows) as pairs:
        expect(node, [(f"{row.pod}/{row.container}", one.cgroup, row.limit) for row, one in pairs], 60)
    return f"{len(pairs)} containers under {TEAMS} policies, each right"
