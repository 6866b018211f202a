"""What every source of equipment shares: kinds by a producer's words, the columns of a place.

No library of geometries here: the page that reads a town's own list uses it too.
"""

from collections.abc import Callable
from typing import Any

from qpvmap.importers.report import RowRefused

KINDS = {
    "gare": ("gare", "transport"),
    "stationvelib": ("velib", "transport"),
    "velib": ("velib", "transport"),
    "franceservices": ("france_services", "social"),
    "fs": ("france_services", "social"),
    "ecole": ("ecole", "education"),
    "creche": ("creche", "family"),
    "sport": ("sport", "sport"),
    "culture": ("culture", "culture"),
    "commerce": ("commerce", "shop"),
}
"""Kind and theme of a producer's category, its name without case or accents."""


def place(**values: Any) -> dict[str, Any]:
    """Return the columns of an equipment, those not given at rest."""
    at_rest: dict[str, Any] = {
        "detail": "",
        "address": None,
        "capacity": None,
        "insee_code": None,
        "iris_code": None,
        "extra": {},
        "opening_hours": None,
        "access": None,
        "position_quality": None,
        "position_score": None,
    }
    return at_rest | values


def readable(read: Callable[[Any], str], value: Any) -> str | None:
    """Return a code, or None: a place with a wrong code still has its position."""
    try:
        return read(value)
    except RowRefused:
        return None
