"""Equipment of a territory: what may be one place, and what its list and the API show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import BBox
from qpvmap.storage.models import EquipmentMatch
from qpvmap.storage.statements import statement

NEAR_M, ALIKE = 60, 0.45
"""Two equipments this near, this alike by their names, may be one place…"""
FAR_M, SAME_NAME = 200, 0.75
"""… or this near, when their names are nearly the same."""

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Place:
    """An equipment as lists and programs read it. EPSG:4326; `distance_m` is 0 in the quarter."""

    id: int
    name: str
    theme: str
    kind: str
    detail: str
    address: str
    insee_code: str | None
    iris_code: str | None
    source: str
    vintage: int
    opening_hours: str
    access: str
    position_quality: str
    position_score: float | None
    lon: float
    lat: float
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which equipment: all, of a theme, in a commune or a box, whose name holds some words."""

    theme: str = ""
    commune: str = ""
    words: str = ""
    bbox: BBox | None = None


def equipment_of(
    session: Session, territory_id: int, wanted: Wanted, *, offset: int = 0, limit: int = 300
) -> list[Place]:
    """Return the equipment of a territory, the nearest to the quarter first; what is one, once."""
    box = wanted.bbox
    given: dict[str, Any] = {
        "territory_id": territory_id,
        "theme": wanted.theme,
        "commune": wanted.commune,
        "words": wanted.words,
        "west": box.west if box else None,
        "south": box.south if box else None,
        "east": box.east if box else None,
        "north": box.north if box else None,
        "start": offset,
        "max_rows": limit,
    }
    return [Place(**row) for row in session.execute(statement("equipment"), given).mappings()]


def theme_counts(session: Session, territory_id: int) -> Mapping[str, int]:
    """Return how many equipments there are of each theme."""
    rows = session.execute(statement("equipment_counts"), {"territory_id": territory_id})
    return {row[0]: row[1] for row in rows}


def find_matches(session: Session, territory_id: int) -> int:
    """Propose the pairs that may be one place, those never proposed before; return how many."""
    given = {
        "territory_id": territory_id,
        "near_m": NEAR_M,
        "alike": ALIKE,
        "far_m": FAR_M,
        "same_name": SAME_NAME,
    }
    return len(session.execute(statement("equipment_matches"), given).all())


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two of a pair."""

    id: int
    name: str
    detail: str
    address: str
    source: str
    lon: float
    lat: float


def equipment_named(session: Session, name: str, insee_codes: Sequence[str]) -> list[Side]:
    """Return the equipment of some communes whose name is much like `name`, the likest first."""
    given = {"name": name, "communes": list(insee_codes), "alike": ALIKE, "max_rows": MOST_NAMED}
    return [Side(*row) for row in session.execute(statement("equipment_named"), given)]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two equipments that may be one, and how near and alike they are."""

    id: int
    distance_m: float
    similarity: float
    first: Side
    second: Side


PAIRS = text("""
    select match.id, match.distance_m, match.similarity,
           one.id, one.name, one.detail, one.address, one.source,
           st_x(one.location), st_y(one.location),
           other.id, other.name, other.detail, other.address, other.source,
           st_x(other.location), st_y(other.location)
    from equipment_match as match
    join equipment as one on one.id = match.first_id
    join equipment as other on other.id = match.second_id
    where match.territory_id = :territory_id and match.state = 'proposed'
    order by match.similarity desc, match.distance_m, match.id
    limit :limit
""")


def proposed_pairs(session: Session, territory_id: int, limit: int = 100) -> Sequence[Pair]:
    """Return the pairs that wait for a decision, the likeliest first."""
    rows = session.execute(PAIRS, {"territory_id": territory_id, "limit": limit})
    return [Pair(row[0], row[1], row[2], Side(*row[3:10]), Side(*row[10:17])) for row in rows]


def locked_match(session: Session, territory_id: int, key: int) -> EquipmentMatch | None:
    """Return a pair, held until the transaction ends."""
    return session.scalar(
        select(EquipmentMatch)
        .where(EquipmentMatch.territory_id == territory_id, EquipmentMatch.id == key)
        .with_for_update()
    )
