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
    first, second = marks
    return f"{paint('cyan', text[:first])}│{paint('cyan', text[first:second])}│{paint('cyan', text[second:])}"


def loan(findings):
    top = max(rate for event in findings.loans for rate in event["bars"]) or 1
    print(paint("bold", f"  A loan goes out and comes back, two bars a second: reads (█ = {number(top)} IOPS)"))
    print()
    for event in findings.loans:
        limits = " → ".join(number(limit) for limit in event["limits"][:6])
        print(f"  {event['container']:<12} {split(bars(event['bars'], top), event['marks'])}  limit {limits}")
    first, second = findings.loans[0]["marks"]
    print(" " * (15 + first) + paint("bold", "└ quiet wakes".ljust(second - first + 1) + "└ sleeps again"))


def complaints(findings):
    """Everything that is not as the service promises."""
    lent = [found for found in findings.shared if found["mode"] == "lend"]
    if not lent or not findings.loans:
        return ["no result for the shared disk"]
    found, share, borrowed = [], lent[0]["quiet"]["share"], findings.loans[0]
    if share < LEAST_SHARE:
        found.append(f"quiet got {share:.0%} of its reads beside containers that borrow")
    if max(borrowed["limits"]) < 2 * borrowed["limits"][0]:
        found.append(f"{borrowed['container']} was lent nothing: its limits were {borrowed['limits']}")
    return found


def show(findings):
    table(findings)
    print()
    loan(findings)
    print()
