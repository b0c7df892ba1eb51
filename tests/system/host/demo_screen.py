# SPDX-License-Identifier: Apache-2.0
"""The demonstration's last screen: a table and, for each container, its IOPS second by second."""
import sys

BARS = "▁▂▃▄▅▆▇█"
COLOURS = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31", "cyan": "36"}
ROW = "  {:<12} {:>9}   {:>7} {:>7}   {:>7} {:>7}   {:>7} {:>7}"


def paint(colour, text):
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if sys.stdout.isatty() else text


def limit_of(rule):
    """{direction: IOPS} of a rule as the kernel shows it; None where there is none."""
    if not rule or rule["riops"] == "max":
        return None
    return {"read": int(rule["riops"]), "write": int(rule["wiops"])}


def number(value):
    return f"{value:,.0f}"


def row(findings, name):
    before, after, limit = findings.before.get(name), findings.after[name], limit_of(findings.rules.get(name))
    cells = [name, number(limit["read"]) if limit else "exempt"]
    cells += [number(before[d]) if before else "–" for d in ("read", "write")]
    cells += [number(after[d]) for d in ("read", "write")]
    cells += [f"{after[d] / limit[d] - 1:+.1%}" if limit else "–" for d in ("read", "write")]
    return ROW.format(*cells)


def table(findings):
    print(paint("bold", "  IOPS measured by fio in each container (4 KiB random, direct, read and write at once)"))
    print()
    print(paint("dim", ROW.format("", "limit", "before", "", "after", "", "deviation", "").rstrip()))
    print(paint("dim", ROW.format("container", "each way", "read", "write", "read", "write", "read", "write")))
    for name in findings.after:
        colour = "green" if limit_of(findings.rules.get(name)) else "yellow"
        print(paint(colour, row(findings, name)))


def bars(values, top):
    return "".join(BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] for value in values)


def timeline(findings):
    """All containers at once. One bar a second, all on one scale, so that containers can be compared."""
    top = max((rate for second in findings.seconds for rate in second.values()), default=0)
    if not top:
        return
    print(paint("bold", "  The same containers all at once, second by second "
                        f"(reads + writes as the kernel counts them; █ = {number(top)} IOPS)"))
    print()
    for name in findings.seconds[0]:
        values = [second[name] for second in findings.seconds]
        before, after = values[:findings.started_at], values[findings.started_at:]
        ends = f"{number(values[0])} → {number(values[-1])}"
        print(f"  {name:<12} {paint('red', bars(before, top))}│{paint('cyan', bars(after, top))}  {ends}")
    print(" " * 15 + " " * findings.started_at + paint("bold", "└ iops-limitd starts"))


def notes(findings, failures):
    total, seen = findings.node["total"], findings.first_look.get("newcomer")
    print(f"  istio-proxy has no rule of its own; the total of all pods ({number(total)} each way) still holds.")
    if seen:
        print("  newcomer came while the service ran. Its first instruction read its own io.max:")
        print(paint("dim", f"    {' '.join(seen)}"))
    print(f"  systemctl status: {findings.status}")
    if not failures:
        print(paint("green", "  Every limited container is within 5 % of its limit, the exempt one is free."))


def show(findings, failures):
    node = findings.node
    print()
    print(f"  Debian, Linux {node['kernel']}, systemd {node['systemd']}, containerd, cgroup {node['hierarchy']}; "
          f"/data on {node['device']}")
    print()
    table(findings)
    print()
    timeline(findings)
    print()
    notes(findings, failures)
    print()
