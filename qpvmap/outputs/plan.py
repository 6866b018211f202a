"""A printed plan: our own ground, the way, numbered stops. An SVG on its own, with no style sheet.

Units are tenths of a millimetre. What the drawing needs stands in its attributes, so that it also
shows under a content policy without inline styles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import hypot

from qpvmap.core.french import distance
from qpvmap.core.geo import LonLat
from qpvmap.core.plans import Frame, Shape

STOP_R = 27
APART = 2 * STOP_R + 4
ROUNDS = 60
MOVED = 12
INK, BRAND, PAPER, LAND, LINE = "#231b21", "#6a2b5b", "#ffffff", "#f1ede8", "#82767e"
SHAPES: Mapping[str, str] = {
    "commune": f'fill="{LAND}"',
    "iris": f'fill="none" stroke="{PAPER}" stroke-width="7"',
    "emprise": 'fill="#cfe3e6" stroke="#0b6170" stroke-width="4"',
    "road": f'fill="none" stroke="{PAPER}" stroke-width="14" stroke-linecap="round"',
    "qpv": f'fill="{BRAND}" fill-opacity="0.08" stroke="{BRAND}" stroke-width="6"',
}
LIMIT = f'fill="none" stroke="{LINE}" stroke-width="3" stroke-dasharray="14 8"'
CASING = f'fill="none" stroke="{LINE}" stroke-width="18" stroke-linecap="round"'
BARS_M = (50, 100, 200, 500, 1000, 2000, 5000)
FONT = "DejaVu Sans, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stop on the plan: its number, where it is, whether it was seen to."""

    number: str
    point: LonLat
    passed: bool = False


def draw_plan(
    frame: Frame,
    shapes: Sequence[Shape],
    marks: Sequence[Mark],
    depot: LonLat | None = None,
    route: Sequence[LonLat] = (),
) -> str:
    """Return the plan as the text of an SVG file.

    `route` is the way that was taken; without one, the stops are joined as the crow flies.
    """
    width, height = frame.width, frame.height
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">',
            f'<rect width="{width:g}" height="{height:g}" fill="#faf8f6"/>',
            *_ground(shapes),
            _route(frame, route) or _way(frame, marks, depot),
            *_names(frame, shapes),
            _depot(frame, depot),
            *_stops(frame, marks),
            _bar(frame),
            f'<rect x="2" y="2" width="{width - 4:g}" height="{height - 4:g}" fill="none"'
            f' stroke="{LINE}" stroke-width="4"/>',
            "</svg>",
        ]
    )


def _ground(shapes: Sequence[Shape]) -> list[str]:
    roads = [shape for shape in shapes if shape.kind == "road"]
    casing = [f'<path d="{shape.path}" {CASING}/>' for shape in roads]
    under = [shape for shape in shapes if shape.kind in ("iris", "emprise")]
    over = [shape for shape in shapes if shape.kind == "qpv"]
    communes = [shape for shape in shapes if shape.kind == "commune"]
    limits = [f'<path d="{shape.path}" {LIMIT}/>' for shape in communes]
    land = _paths(communes)
    return [*land, *_paths(under), *casing, *_paths(roads), *limits, *_paths(over)]


def _paths(shapes: Sequence[Shape]) -> list[str]:
    return [f'<path d="{shape.path}" {SHAPES[shape.kind]}/>' for shape in shapes]


def _names(frame: Frame, shapes: Sequence[Shape]) -> list[str]:
    """Return the names of communes, and of roads along them, never upside down."""
    found = []
    for shape in shapes:
        if shape.x is None or shape.y is None:
            continue
        if not (0 < shape.x < frame.width and 0 < shape.y < frame.height):
            continue
        angle = (shape.angle + 90) % 180 - 90
        found.append(
            f'<text x="{shape.x:.0f}" y="{shape.y + 8:.0f}" font-size="24" text-anchor="middle"'
            f' font-family="{FONT}" fill="#695d65"'
            f' transform="rotate({angle:.0f} {shape.x:.0f} {shape.y:.0f})">'
            f"{escape(shape.name)}</text>"
        )
    return found


def _route(frame: Frame, route: Sequence[LonLat]) -> str:
    if len(route) < 2:
        return ""
    way = " ".join("{:.0f},{:.0f}".format(*frame.place(point)) for point in route)
    return (
        f'<polyline points="{way}" fill="none" stroke="{PAPER}" stroke-width="13"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
        f'<polyline points="{way}" fill="none" stroke="{BRAND}" stroke-width="7"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _way(frame: Frame, marks: Sequence[Mark], depot: LonLat | None) -> str:
    ends = [depot] if depot else []
    points = [*ends, *(mark.point for mark in marks), *ends]
    if len(points) < 2:
        return ""
    way = " ".join("{:.0f},{:.0f}".format(*frame.place(point)) for point in points)
    return (
        f'<polyline points="{way}" fill="none" stroke="{BRAND}" stroke-width="5"'
        ' stroke-dasharray="4 12" stroke-linecap="round"/>'
    )


def _depot(frame: Frame, depot: LonLat | None) -> str:
    if depot is None:
        return ""
    x, y = frame.place(depot)
    return (
        f'<g transform="translate({x:.0f} {y:.0f})"><path d="M-34 4L0-32L34 4V6H24V32H-24V6H-34Z"'
        f' fill="{INK}" stroke="{PAPER}" stroke-width="5"/></g>'
    )


def _stops(frame: Frame, marks: Sequence[Mark]) -> list[str]:
    """Return the numbers; those that would cover one another stand apart, tied to their place."""
    true = [frame.place(mark.point) for mark in marks]
    shown = spread(true)
    ties = [
        f'<line x1="{a:.0f}" y1="{b:.0f}" x2="{x:.0f}" y2="{y:.0f}" stroke="{INK}"'
        f' stroke-width="2.5"/><circle cx="{a:.0f}" cy="{b:.0f}" r="6" fill="{INK}"/>'
        for (a, b), (x, y) in zip(true, shown, strict=True)
        if hypot(x - a, y - b) > MOVED
    ]
    return [*ties, *(_stop(mark, *at) for mark, at in zip(marks, shown, strict=True))]


def _stop(mark: Mark, x: float, y: float) -> str:
    fill, ink = ("#ebe7e4", INK) if mark.passed else (BRAND, PAPER)
    size = 30 if len(mark.number) < 3 else 24
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{STOP_R}" fill="{fill}" stroke="{PAPER}"'
        f' stroke-width="5"/><text x="{x:.0f}" y="{y + 11:.0f}" font-size="{size}"'
        f' font-weight="bold" text-anchor="middle" font-family="{FONT}" fill="{ink}">'
        f"{escape(mark.number)}</text>"
    )


def spread(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the places moved apart until their discs no longer cover one another, if they can."""
    moved = [list(place) for place in places]
    for _ in range(ROUNDS):
        still = True
        for i, here in enumerate(moved):
            for j in range(i):
                still &= not _push(here, moved[j], i)
        if still:
            break
    return [(x, y) for x, y in moved]


def _push(here: list[float], there: list[float], number: int) -> bool:
    """Move two discs apart by half of what they overlap; return whether they did."""
    dx, dy = here[0] - there[0], here[1] - there[1]
    gap = hypot(dx, dy)
    if gap >= APART:
        return False
    if gap < 1:  # one place: each goes its own way, the same each time
        dx, dy, gap = (1.0, 0.3 * (number % 5 - 2), 1.0)
    step = (APART - gap) / 2 + 0.5
    for place, sign in ((here, 1), (there, -1)):
        place[0] += sign * dx / gap * step
        place[1] += sign * dy / gap * step
    return True


def _bar(frame: Frame) -> str:
    """Return the bar that tells the scale: about a fifth of the width at most."""
    metres = max(
        (m for m in BARS_M if m * frame.units_per_metre <= frame.width / 4), default=BARS_M[0]
    )
    length, low = metres * frame.units_per_metre, frame.height - 34
    return (
        f'<rect x="20" y="{low - 42:.0f}" width="{length + 40:.0f}" height="64" fill="{PAPER}"'
        f' fill-opacity="0.85"/><path d="M40 {low - 10:.0f}V{low:.0f}H{40 + length:.0f}'
        f'V{low - 10:.0f}" fill="none" stroke="{INK}" stroke-width="4"/>'
        f'<text x="40" y="{low - 16:.0f}" font-size="22" font-family="{FONT}" fill="{INK}">'
        f"{distance(metres)}</text>"
    )
