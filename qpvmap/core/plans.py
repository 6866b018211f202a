"""The frame of a printed plan: a window on EPSG:3857, and how places fall into its drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, cos, exp, log, pi, radians, tan

from qpvmap.core.geo import LonLat

EARTH_M = 6_378_137.0
MARGIN = 0.12
LEAST_M = 260.0
"""A plan shows at least so much from side to side, metres on the ground."""


def mercator(place: LonLat) -> tuple[float, float]:
    """Return a place in EPSG:3857, metres."""
    return (
        EARTH_M * radians(place.lon),
        EARTH_M * log(tan(pi / 4 + radians(place.lat) / 2)),
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn under the stops: its kind, its name, the path of an SVG, where its name goes.

    `kind` is commune, iris, emprise, road or qpv; `angle` is that of the name, degrees clockwise.
    """

    kind: str
    name: str
    path: str
    x: float | None = None
    y: float | None = None
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A window: its top left corner in EPSG:3857, how many units a metre there is, its size."""

    left: float
    top: float
    scale: float
    width: float
    height: float

    def place(self, point: LonLat) -> tuple[float, float]:
        """Return where a point falls, units from the top left corner."""
        x, y = mercator(point)
        return (x - self.left) * self.scale, (self.top - y) * self.scale

    @property
    def units_per_metre(self) -> float:
        """How many units a metre on the ground takes in the middle of the plan."""
        middle = self.top - self.height / self.scale / 2
        latitude = 2 * atan(exp(middle / EARTH_M)) - pi / 2
        return self.scale / cos(latitude)


def frame_around(points: Sequence[LonLat], width: float, height: float) -> Frame:
    """Return the window of this size that shows all the points, which are one at least."""
    places = [mercator(point) for point in points]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    stretch = 1 / cos(radians(points[0].lat))
    across = max(
        (max(xs) - min(xs)) * (1 + 2 * MARGIN),
        (max(ys) - min(ys)) * (1 + 2 * MARGIN) * width / height,
        LEAST_M * stretch,
    )
    scale = width / across
    return Frame(
        left=(min(xs) + max(xs)) / 2 - across / 2,
        top=(min(ys) + max(ys)) / 2 + height / scale / 2,
        scale=scale,
        width=width,
        height=height,
    )
