"""Coordinates as people type them: either order, point or comma, with or without letters."""

import re

from qpvmap.core.geo import LonLat

NUMBER = r"([+-]?\d{1,3}(?:[.,]\d+)?)\s*°?\s*([NSEOW])?"
PAIR = re.compile(rf"^\s*{NUMBER}\s*[,;/\s]\s*{NUMBER}\s*$", re.IGNORECASE)
LATITUDE_SIGNS = {"N": 1, "S": -1}
LONGITUDE_SIGNS = {"E": 1, "O": -1, "W": -1}


def parse_coordinates(text: str) -> tuple[LonLat, ...]:
    """Return the points that `text` may mean, likeliest first; empty when it is not a pair.

    `48.7841, 2.3030` is latitude then longitude, as maps on phones write it; the other order
    comes second when it is on Earth too. A letter (N, S, E, O or W) settles the order.
    """
    found = PAIR.match(text)
    if found is None:
        return ()
    first, second = _signed(found[1], found[2]), _signed(found[3], found[4])
    letters = (found[2] or "").upper(), (found[4] or "").upper()
    pairs = [(second, first), (first, second)]
    if letters[0] in LONGITUDE_SIGNS or letters[1] in LATITUDE_SIGNS:
        pairs = pairs[1:]
    elif any(letters):
        pairs = pairs[:1]
    return tuple(LonLat(lon, lat) for lon, lat in pairs if abs(lon) <= 180 and abs(lat) <= 90)


def _signed(digits: str, letter: str | None) -> float:
    sign = {**LATITUDE_SIGNS, **LONGITUDE_SIGNS}.get((letter or "").upper(), 1)
    return sign * float(digits.replace(",", "."))
