# SPDX-License-Identifier: Apache-2.0
"""The demonstration's last screen: a table and, for each container, its IOPS second by second."""
import sys
import textwrap

BARS = "▁▂▃▄▅▆▇█"
COLOURS = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31", "cyan": "36"}
COLUMNS = 96
# The second in which the service starts is half before and half after: it counts for neither.
SETTLING_SECONDS = 2
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


def mean(values):
    return sum(values) / max(1, len(values))


def timeline(findings):
    """All containers at once. One bar a second, all on one scale, so that containers can be compared."""
    top = max((rate for second in findings.seconds for rate in second.values()), default=0)
    if not top or findings.started_at is None:
        return
    print(paint("bold", "  All at once, one bar a second: reads + writes as the kernel counts them "
                        f"(█ = {number(top)} IOPS)"))
    print(paint("dim", "  noisy wants all it can get, quiet wants 200, istio-proxy is exempt"))
    print()
    for name in findings.seconds[0]:
        values = [second[name] for second in findings.seconds]
        before, after = values[:findings.started_at], values[findings.started_at:]
        print(f"  {name:<12} {paint('red', bars(before, top))}│{paint('cyan', bars(after, top))}  "
              f"{number(mean(before)):>6} → {number(mean(after[SETTLING_SECONDS:]))}")
    print(" " * (15 + findings.started_at) + paint("bold", "└ iops-limitd starts"))


def note(text, colour=None):
    for line in textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent="    "):
        print(paint(colour, line) if colour else line)


def notes(findings, failures):
    note(f"istio-proxy has no rule of its own; the total of all pods, {number(findings.node['total'])} IOPS each way, "
         "still holds for it.")
    if findings.first_look.get("newcomer"):
        note("newcomer came while the service ran. The first thing its first process did was to read its own io.max: "
             + " ".join(findings.first_look["newcomer"]))
    note(f"systemctl status says: {findings.status}")
    if not failures:
        note("Every limited container is within 5 % of its limit, and the exempt one is free.", "green")


def show(findings, failures):
    node = findings.node
    print()
    print(f"  Debian 12, Linux {node['kernel']}, systemd {node['systemd']}, containerd with its CRI plugin, "
          f"cgroup {node['hierarchy']}")
    print()
    table(findings)
    print()
    timeline(findings)
    print()
    notes(findings, failures)
    print()
