"""The outline of a piece of ground as text: what somebody without a mouse can read and write.

One vertex a line, latitude then longitude in degrees; an empty line begins another part; a part
that begins with the word `trou` is a hole in the part before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qpvmap.core.geo import LonLat

HOLE = "trou"
DECISION = "decision"
"""Kind of a piece of ground drawn round one decision: it is not the body's whole estate."""
KINDS = ("residence", "road", "school", "condominium", "garden", "other", DECISION)
MAX_VERTICES = 2000
NUMBER = re.compile(r"[-+]?\d{1,3}(?:[.,]\d+)?")

Ring = list[LonLat]


@dataclass(frozen=True, slots=True)
class Part:
    """One polygon: its outer ring and the holes in it. Rings are not closed."""

    outer: Ring
    holes: list[Ring] = field(default_factory=list)


class OutlineFault(ValueError):
    """An outline that makes no polygon; the French message says where."""


def parse_outline(text: str) -> list[Part]:
    """Return the polygons that `text` writes.

    Raises
    ------
    OutlineFault
        If a line is no point, or a ring has less than three.
    """
    parts: list[Part] = []
    lines = text.replace("\r", "").strip().split("\n")
    if len(lines) > MAX_VERTICES:
        raise OutlineFault(f"Le contour a plus de {MAX_VERTICES} points : simplifiez-le.")
    for block in _blocks(lines):
        is_hole = block[0][1].casefold() == HOLE
        ring = _ring(block[1:] if is_hole else block)
        if not is_hole:
            parts.append(Part(ring))
        elif parts:
            parts[-1].holes.append(ring)
        else:
            raise OutlineFault("Un trou doit suivre le contour dans lequel il est.")
    if not parts:
        raise OutlineFault("Dessinez le contour : au moins trois points.")
    return parts


def write_outline(parts: Sequence[Part]) -> str:
    """Return polygons as the text that `parse_outline` reads."""
    blocks = []
    for part in parts:
        blocks.append(_lines(part.outer))
        blocks += [f"{HOLE}\n{_lines(hole)}" for hole in part.holes]
    return "\n\n".join(blocks)


def wkt_of(parts: Sequence[Part]) -> str:
    """Return polygons as a WKT multipolygon, EPSG:4326, (lon, lat)."""
    polygons = [", ".join(_closed(ring) for ring in (part.outer, *part.holes)) for part in parts]
    return "MULTIPOLYGON(" + ", ".join(f"({polygon})" for polygon in polygons) + ")"


def _blocks(lines: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Return the runs of lines that are not empty, each line with its number."""
    blocks: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(lines, start=1):
        if line.strip():
            blocks[-1].append((number, line.strip()))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _ring(block: Sequence[tuple[int, str]]) -> Ring:
    ring = [_vertex(number, line) for number, line in block]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(set(ring)) < 3:
        raise OutlineFault("Un contour a besoin d’au moins trois points différents.")
    return ring


def _vertex(number: int, line: str) -> LonLat:
    degrees = NUMBER.findall(line)
    if len(degrees) != 2 or NUMBER.sub("", line).strip(" ,;\t"):
        raise OutlineFault(f"Ligne {number} : écrivez latitude puis longitude, 48.78412 2.30299.")
    lat, lon = (float(part.replace(",", ".")) for part in degrees)
    try:
        return LonLat(lon, lat)
    except ValueError:
        raise OutlineFault(f"Ligne {number} : ces coordonnées n’existent pas.") from None


def _lines(ring: Ring) -> str:
    return "\n".join(f"{point.lat:.6f} {point.lon:.6f}" for point in ring)


def _closed(ring: Ring) -> str:
    return "(" + ", ".join(f"{p.lon!r} {p.lat!r}" for p in (*ring, ring[0])) + ")"
