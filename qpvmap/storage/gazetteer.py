"""Search by name among what the territory knows: places, plan, equipment, visible signalements."""

from dataclasses import dataclass

from geoalchemy2 import functions as geo
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Category, Signalement
from qpvmap.storage.statements import statement
from qpvmap.storage.visibility import visible_to

LIMIT = 8
SHORTEST = 2
WORDS_MAX = 100
CLOSE_ZOOM = 18
GUESSED_WITHIN_M = 100.0
"""How far from its point a place put by guess may be, metres."""
NEAREST_WITHIN_M = 250


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Something that has a name and a point, EPSG:4326, and the zoom that shows it well.

    `approximate` when the point only shows where it is: a wide place, or one put by guess.
    """

    kind: str
    code: str
    label: str
    detail: str
    lon: float
    lat: float
    zoom: int
    approximate: bool = False

    @property
    def accuracy_m(self) -> float | None:
        """How far the place may be from its point, metres; None when it is there, or too wide."""
        return GUESSED_WITHIN_M if self.approximate and self.kind == "operation" else None

    @property
    def is_position(self) -> bool:
        """Whether something can be said to be there: not in a whole town, nor along a road."""
        return self.kind != "signalement" and (not self.approximate or self.accuracy_m is not None)


def search(
    session: Session, actor: Actor, territory_id: int, words: str, limit: int = LIMIT
) -> list[NamedPlace]:
    """Return what `words` may name, the best first; accents, case and hyphens do not count.

    Signalements are found by their reference, those that `actor` may see and no other.
    """
    wanted = " ".join(words.split())[:WORDS_MAX]
    if len(wanted) < SHORTEST:
        return []
    found = _by_reference(session, actor, territory_id, wanted, limit)
    given = {"territory_id": territory_id, "words": wanted, "max_rows": limit - len(found)}
    return found + [NamedPlace(*row) for row in session.execute(statement("gazetteer"), given)]


def nearest_place(
    session: Session, territory_id: int, point: LonLat, within_m: float = NEAREST_WITHIN_M
) -> tuple[str, float] | None:
    """Return the name of what is nearest to a point, and how far it is in metres."""
    given = {
        "territory_id": territory_id,
        "lon": point.lon,
        "lat": point.lat,
        "within_m": within_m,
    }
    found = session.execute(statement("nearest_place"), given).one_or_none()
    return (found.name, found.distance_m) if found else None


def _by_reference(
    session: Session, actor: Actor, territory_id: int, wanted: str, limit: int
) -> list[NamedPlace]:
    """Return the visible signalements whose reference holds what was typed, if it has a figure."""
    if not any(sign.isdigit() for sign in wanted):
        return []
    rows = session.execute(
        select(
            Signalement.reference,
            Category.name,
            geo.ST_X(Signalement.location),
            geo.ST_Y(Signalement.location),
        )
        .join(Category, Category.id == Signalement.category_id)
        .where(
            Signalement.territory_id == territory_id,
            visible_to(actor),
            func.strpos(Signalement.reference, wanted.upper()) > 0,
        )
        .order_by(Signalement.created_at.desc())
        .limit(limit)
    )
    return [
        NamedPlace("signalement", reference, reference, category, lon, lat, CLOSE_ZOOM)
        for reference, category, lon, lat in rows
    ]
