# SPDX-License-Identifier: Apache-2.0
"""What containers that share a disk got over time, as a picture: one panel for each container."""

WIDTH, LEFT, RIGHT, TOP = 880, 90, 20, 46
PANEL, GAP = 110, 34
USED, LIMIT, GUARANTEE, TEXT = "#8ab8d8", "#b5450f", "#555555", "#222222"


def text(x, y, words, anchor="start", colour=TEXT):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def line(points, colour, more=""):
    return (f'<polyline fill="none" stroke="{colour}" stroke-width="2"{more} points="'
            + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')


def legend():
    parts, x = [], LEFT
    for colour, words in ((USED, "reads a second"), (LIMIT, "limit in force"), (GUARANTEE, "guarantee")):
        dashes = ' stroke-dasharray="5,4"' if colour == GUARANTEE else ""
        parts += [line([(x, 20), (x + 26, 20)], colour, dashes), text(x + 33, 24, words)]
        x += 160
    return parts


def panel(track, top, right_edge, most):
    """One container's; `right_edge` is the second at the right, `most` the rate at the top."""
    def at(second, rate):
        return LEFT + (WIDTH - LEFT - RIGHT) * second / right_edge, top + PANEL * (1 - rate / most)

    step, rates = track["step"], track["rates"]
    steps = [at(second, rate) for number, rate in enumerate(rates)
             for second, rate in ((number * step, rate), ((number + 1) * step, rate))]
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in [at(0, 0), *steps, at(right_edge, 0)])
    limits = track["limits"]
    ends = [second for second, _ in limits[1:]] + [right_edge]
    in_force = [at(second, limit) for (begin, limit), end in zip(limits, ends) for second in (begin, end)]
    guarantee = [at(second, track["guarantee"]) for second in (0, right_edge)]
    return [f'<polygon fill="{USED}" points="{area}"/>', line([at(0, 0), at(right_edge, 0)], GUARANTEE),
            line(guarantee, GUARANTEE, ' stroke-dasharray="5,4"'), line(in_force, LIMIT),
            text(LEFT - 8, top + PANEL / 2, track["container"], "end"), text(LEFT - 8, top + 10, f"{most:.0f}", "end"),
            text(LEFT - 8, top + PANEL, "0", "end")]


def svg(tracks):
    right_edge = len(tracks[0]["rates"]) * tracks[0]["step"]
    most = max(max([*track["rates"], *(limit for _, limit in track["limits"])]) for track in tracks)
    parts = legend()
    for number, track in enumerate(tracks):
        parts += panel(track, TOP + number * (PANEL + GAP), right_edge, most)
    bottom = TOP + len(tracks) * (PANEL + GAP)
    for second in range(0, int(right_edge) + 1, 5):
        parts.append(text(LEFT + (WIDTH - LEFT - RIGHT) * second / right_edge, bottom - GAP + 18, f"{second} s", "middle"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" font-family="sans-serif" '
            'font-size="13">\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n'
            f'<rect width="{WIDTH}" height="{bottom}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
