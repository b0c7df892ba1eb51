# SPDX-License-Identifier: Apache-2.0
"""A reload that moves pods between policies."""
import rules
import service
from cases import case
from limit_table import Row, configured, expect, expect_table, made
from node import EVENTS_ONLY
from report import until


def policies(alpha, beta):
    return ("[limits]\ntotal_iops = 0\n"
            f"[policy alpha]\nnamespace = move\npod = {alpha}\niops = 300\n"
            f"[policy beta]\nnamespace = move\npod = {beta}\niops = 200\n"
            "[policy gamma]\nnamespace = stay\niops = 250\n")


def rows(alpha, beta):
    at = {**{pod: (300, "[policy alpha]") for pod in alpha}, **{pod: (200, "[policy beta]") for pod in beta}}
    moved = [Row(pod, rules.limits(iops, iops), reason, "move") for pod, (iops, reason) in sorted(at.items())]
    return [*moved, Row("rock", rules.limits(250, 250), "[policy gamma]", "stay"),
            Row("rock", rules.limits(250, 250), "[policy gamma]", "stay", container="second")]


@case("reload-moves-three-pods", cells="v1-cgroupfs")
@case("reload-moves-three-pods", cells="v2-systemd", long=True)
def moves(node):
    first, second = rows(["m1", "m2"], ["m3"]), rows(["m3"], ["m1", "m2"])
    with configured(policies("m[12]", "m3")), made(node, first) as pairs:
        expect_table(node, pairs)
        base = ("db-0", node.base().cgroup, rules.limits(500, 500))
        expect(node, [base])
        mark, pid = service.cursor(), service.pid()
        service.configure(EVENTS_ONLY + policies("m3", "m[12]"))
        assert service.reload(), "systemctl reload failed for a good configuration"
        expect_table(node, [(row, one) for row, (_, one) in zip(second, pairs)])
        expect(node, [base], seconds=0)
        ended = until(lambda: [line for line in service.messages(after=mark) if "configuration reloaded" in line],
                      "the end of the reload in the journal", 10)
        assert "configuration reloaded: 3 of " in ended[0], f"expected 3 to have changed, found {ended}"
        lines = [entry for entry in service.journal(cursor=mark) if entry.get("CONTAINER_ID")]
        moved = {one.id: (old.limit["riops"], new.limit["riops"]) for (old, one), new in zip(pairs, second)
                 if old.limit != new.limit}
        assert sorted(entry["CONTAINER_ID"] for entry in lines) == sorted(moved), \
            f"expected one line for each of {sorted(moved)}, found {[entry['MESSAGE'] for entry in lines]}"
        for entry in lines:
            old, new = moved[entry["CONTAINER_ID"]]
            was = f"was read {old} IOPS, write {old} IOPS"
            assert was in entry["MESSAGE"] and entry["READ_IOPS"] == new, f"expected {new}, {was}, found {entry}"
        assert service.pid() == pid, "a reload is no restart"
    return f"{ended[0]}; {len(lines)} lines with the old and the new value, none about the others"
