"""What is known to be doubtful in published figures: said beside them, never corrected."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from qpvmap.resources import resource_dir


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason to doubt the figures of some places in a series; `short` fits in a tooltip."""

    series: str
    place_kind: str
    place_codes: frozenset[str]
    short: str
    note: str


@cache
def known_doubts() -> Sequence[Doubt]:
    """Return the doubts that `geodata/doubts.toml` tells."""
    told = (resource_dir("geodata") / "doubts.toml").read_text(encoding="utf-8")
    return tuple(
        Doubt(**{**row, "place_codes": frozenset(row["place_codes"])})
        for row in tomllib.loads(told)["doubts"]
    )


def doubts_about(series: str, place_kind: str, codes: Iterable[str]) -> Sequence[Doubt]:
    """Return the doubts that touch a figure of `series` for any of the places."""
    asked = frozenset(codes)
    return [
        doubt
        for doubt in known_doubts()
        if (doubt.series, doubt.place_kind) == (series, place_kind) and doubt.place_codes & asked
    ]
