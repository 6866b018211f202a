"""Points and boxes, always EPSG:4326, (lon, lat), degrees."""

from dataclasses import dataclass
from math import cos, hypot, isfinite, isnan, radians

WGS84 = 4326
WEB_MERCATOR = 3857
METRES_A_DEGREE = 111_320.0
"""Of latitude; of longitude too, once multiplied by the cosine of the latitude."""
ACCURACY_MAX_M = 50_000
"""Radius beyond which a position says nothing, metres."""


def accuracy_within_bounds(metres: float) -> float:
    """Return the radius of an accuracy disc, between 0 (an exact point) and `ACCURACY_MAX_M`.

    Raises
    ------
    ValueError
        If it is no number: PostGIS must never be asked to draw such a disc.
    """
    if isnan(metres):
        raise ValueError("précision illisible")
    return min(max(metres, 0.0), float(ACCURACY_MAX_M))


@dataclass(frozen=True, slots=True)
class LonLat:
    """A point in EPSG:4326, degrees.

    Raises
    ------
    ValueError
        If a coordinate is not finite or out of range.
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        """Refuse what is not on Earth."""
        if not (isfinite(self.lon) and isfinite(self.lat)):
            raise ValueError("coordonnées illisibles")
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise ValueError("longitude entre -180 et 180, latitude entre -90 et 90")


def metres_apart(one: LonLat, other: LonLat) -> float:
    """Return how far apart two points of the same town are, metres, within 1 % of the truth."""
    north = (other.lat - one.lat) * METRES_A_DEGREE
    east = (other.lon - one.lon) * METRES_A_DEGREE * cos(radians(one.lat))
    return hypot(north, east)


@dataclass(frozen=True, slots=True)
class BBox:
    """A box in EPSG:4326, degrees: west, south, east, north.

    Raises
    ------
    ValueError
        If a corner is off Earth or the box is turned inside out.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        """Refuse a box that holds nothing."""
        LonLat(self.west, self.south)
        LonLat(self.east, self.north)
        if self.west > self.east or self.south > self.north:
            raise ValueError("ordre attendu : ouest, sud, est, nord")

    @classmethod
    def parse(cls, text: str) -> "BBox":
        """Return the box written as `west,south,east,north`.

        Raises
        ------
        ValueError
            If there are not four numbers, or they make no box.
        """
        parts = [float(part) for part in text.split(",")]
        if len(parts) != 4:
            raise ValueError("quatre nombres attendus : ouest,sud,est,nord")
        return cls(*parts)
