# SPDX-License-Identifier: Apache-2.0
"""The demonstration's second screen: what the quiet container got on a disk that is too small, and a loan."""
from demo_screen import bars, number, paint

ROW = "  {:<34} {:>10}   {:>9} {:>9}   {:>14}"
LEAST_SHARE = 0.9


def title(found):
    scale = found["scale"]
    return {"no limits": "no limits",
            "limits and total": f"limits of {scale['large']}, total of {scale['total']}",
            "lend": f"lent: guarantee {scale['guarantee']}, total {scale['total']}"}[found["mode"]]


def row(found):
    quiet = found["quiet"]
    return ROW.format(title(found), f"{quiet['share']:.0%}", f"{quiet['p50']:.1f} ms", f"{quiet['p95']:.1f} ms",
                      number(sum(found["hogs"])))


def table(findings):
    scale = findings.shared[0]["scale"]
    print(paint("bold", f"  On a disk of {number(scale['capacity'])} IOPS: quiet wants {scale['quiet']} reads a second, "
                        "noisy and newcomer all they can get"))
    print()
    print(paint("dim", ROW.format("", "quiet", "its reads", "take", "noisy and").rstrip()))
    print(paint("dim", ROW.format("", "got", "p50", "p95", "newcomer got")))
    for found in findings.shared:
        print(paint("green" if found["mode"] == "lend" else "yellow", row(found)))


def split(text, marks):
    """The parts before, between and after the marks."""
    cuts = [0, *marks, len(text)]
    return "│".join(paint("cyan", text[first:last]) for first, last in zip(cuts, cuts[1:]))


def loan(findings):
    top = max(rate for event in findings.loans for rate in event["rates"]) or 1
    print(paint("bold", f"  Loans go out and come back, two bars a second: reads (█ = {number(top)} IOPS)"))
    print()
    for event in findings.loans:
        marks = [int(second / event["step"]) for second in event["marks"]]
        limits = " → ".join(number(limit) for _, limit in event["limits"][:6])
        print(f"  {event['container']:<12} {split(bars(event['rates'], top), marks)}  limit {limits}")
    words, text = ("└ newcomer", "└ quiet", "└ quiet sleeps again"), ""
    for count, (mark, word) in enumerate(zip(marks, words)):
        text = text.ljust(mark + count) + word
    print(" " * 15 + paint("bold", text))


def complaints(findings):
    """Everything that is not as the service promises."""
    lent = [found for found in findings.shared if found["mode"] == "lend"]
    if not lent or not findings.loans:
        return ["no result for the shared disk"]
    found, share, borrowed = [], lent[0]["quiet"]["share"], findings.loans[0]
    if share < LEAST_SHARE:
        found.append(f"quiet got {share:.0%} of its reads beside containers that borrow")
    if max(limit for _, limit in borrowed["limits"]) < 2 * borrowed["guarantee"]:
        found.append(f"{borrowed['container']} was lent nothing: its limits were {borrowed['limits']}")
    return found


def show(findings):
    table(findings)
    print()
    loan(findings)
    print()
