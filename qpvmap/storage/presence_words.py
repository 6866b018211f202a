"""Where mediators walk and the words that they tap, as a territory's file gives them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from qpvmap.core.presence_words import WordKind
from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage.imports import Counts, Row, Target, upsert
from qpvmap.storage.models import PresenceWord, Sector
from qpvmap.storage.statements import statement

AROUND = "hors-quartier"
"""The sector of whatever lies outside every quarter; each territory has it."""
AROUND_NAME = "Hors du quartier"

SECTOR = Target(
    Sector,
    "territory",
    ("territory_id", "code"),
    ("name", "qpv_code", "insee_code", "position", "closed"),
    edition=("territory_id",),
    sourced=False,
)
WORD = Target(
    PresenceWord,
    "territory",
    ("territory_id", "kind", "code"),
    ("name", "icon", "position", "closed"),
    edition=("territory_id",),
    sourced=False,
)
SHAPES = statement("sectors")


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a sector: the coordinates of a GeoJSON MultiPolygon, EPSG:4326."""

    code: str
    coordinates: Sequence[Any]


def upsert_sectors(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the sectors; one for each quarter when the plan names none. Others are closed."""
    rows = [*_sector_rows(plan), (AROUND, AROUND_NAME, None, None)]
    written: list[Row] = [
        {
            "territory_id": territory_id,
            "code": code,
            "name": name,
            "qpv_code": qpv_code,
            "insee_code": insee_code,
            "position": position,
            "closed": False,
        }
        for position, (code, name, qpv_code, insee_code) in enumerate(rows, start=1)
    ]
    counts = upsert(session, SECTOR, written)
    session.execute(
        update(Sector)
        .where(
            Sector.territory_id == territory_id,
            ~Sector.closed,
            Sector.code.not_in([row[0] for row in rows]),
        )
        .values(closed=True)
    )
    return counts


def _sector_rows(plan: TerritoryPlan) -> list[tuple[str, str, str | None, str | None]]:
    told = plan.presence.sectors
    if told:
        return [(one.code, one.name, one.qpv_code, one.insee_code) for one in told]
    name = plan.name if len(plan.qpv_codes) == 1 else ""
    return [(code.lower(), name or code, code, None) for code in plan.qpv_codes]


def upsert_words(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the words; those that the plan no longer gives are closed."""
    rows: list[Row] = [
        {
            "territory_id": territory_id,
            "kind": str(kind),
            "code": word.code,
            "name": word.name,
            "icon": word.icon,
            "position": position,
            "closed": False,
        }
        for kind in WordKind
        for position, word in enumerate(plan.presence.words(kind), start=1)
    ]
    counts = upsert(session, WORD, rows)
    session.execute(
        update(PresenceWord)
        .where(
            PresenceWord.territory_id == territory_id,
            ~PresenceWord.closed,
            tuple_(PresenceWord.kind, PresenceWord.code).not_in(
                [(row["kind"], row["code"]) for row in rows]
            ),
        )
        .values(closed=True)
    )
    return counts


def sectors_of(session: Session, territory_id: int) -> Sequence[Sector]:
    """Return the open sectors, in order."""
    return session.scalars(
        select(Sector)
        .where(Sector.territory_id == territory_id, ~Sector.closed)
        .order_by(Sector.position)
    ).all()


def sector_by_code(session: Session, territory_id: int, code: str) -> Sector | None:
    """Return an open sector."""
    return session.scalar(
        select(Sector).where(
            Sector.territory_id == territory_id, Sector.code == code, ~Sector.closed
        )
    )


def shapes_of(session: Session, territory_id: int) -> Sequence[Shape]:
    """Return the outlines of the open sectors that have one."""
    rows = session.execute(SHAPES, {"territory_id": territory_id})
    return [Shape(row.code, json.loads(row.shape)["coordinates"]) for row in rows]


def words_of(session: Session, territory_id: int) -> Mapping[WordKind, Sequence[PresenceWord]]:
    """Return the open words of each kind, in order."""
    found: dict[WordKind, list[PresenceWord]] = defaultdict(list)
    rows = session.scalars(
        select(PresenceWord)
        .where(PresenceWord.territory_id == territory_id, ~PresenceWord.closed)
        .order_by(PresenceWord.kind, PresenceWord.position)
    )
    for word in rows:
        found[WordKind(word.kind)].append(word)
    return found


def word_by_code(
    session: Session, territory_id: int, kind: WordKind, code: str
) -> PresenceWord | None:
    """Return an open word."""
    return session.scalar(
        select(PresenceWord).where(
            PresenceWord.territory_id == territory_id,
            PresenceWord.kind == kind,
            PresenceWord.code == code,
            ~PresenceWord.closed,
        )
    )
