"""Who owns or manages which piece of ground, and the rules that speak of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from geoalchemy2 import WKTElement
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.ground import Part
from qpvmap.storage.imports import EMPRISE, Counts, Row, upsert
from qpvmap.storage.models import (
    Category,
    Emprise,
    Organisation,
    RoutingRuleRow,
    Team,
)
from qpvmap.storage.territory import organisation_ids

FRENCH = "fr-x-icu"
"""Order of names as French readers expect it: Érables before Tilleuls."""

CHECK_OUTLINE = text("""
    select
        st_isvalid(shape) as is_valid,
        st_isvalidreason(shape) as reason,
        case when st_isvalid(shape) then st_area(shape::geography) end as area_m2,
        exists (
            select from commune, territory
            where territory.id = :territory_id
                and commune.insee_code = any(territory.insee_codes)
                and st_isvalid(shape) and st_intersects(commune.perimeter, shape)
        ) as is_served
    from (select st_geomfromtext(:wkt, 4326) as shape) as drawn
""")


@dataclass(frozen=True, slots=True)
class OutlineCheck:
    """What the database says of an outline; no area while it is not valid."""

    is_valid: bool
    reason: str
    area_m2: float | None
    is_served: bool


@dataclass(frozen=True, slots=True)
class EmpriseLine:
    """A piece of ground in a list."""

    code: str
    name: str
    kind: str
    body: str
    source: str
    confidence: float
    area_m2: float
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule of competence in words; empty stands for any."""

    category: str
    place: str
    team: str
    is_made_here: bool


def bodies_of(session: Session, territory_id: int) -> Sequence[Organisation]:
    """Return the bodies of a territory by name."""
    return session.scalars(
        select(Organisation)
        .where(Organisation.territory_id == territory_id)
        .order_by(Organisation.name.collate(FRENCH))
    ).all()


def teams_of(session: Session, territory_id: int) -> Sequence[Team]:
    """Return the teams of a territory by name, with their bodies."""
    return session.scalars(
        select(Team)
        .options(joinedload(Team.organisation))
        .where(Team.territory_id == territory_id)
        .order_by(Team.name.collate(FRENCH))
    ).all()


def emprises_of(session: Session, territory_id: int) -> list[EmpriseLine]:
    """Return the pieces of ground of a territory, by body then name."""
    rows = session.execute(
        select(
            Emprise.code,
            Emprise.name,
            Emprise.kind,
            Organisation.name,
            Emprise.source,
            Emprise.confidence,
            func.ST_Area(func.Geography(Emprise.perimeter)),
            Emprise.updated_at,
        )
        .join(Organisation, Organisation.id == Emprise.organisation_id)
        .where(Emprise.territory_id == territory_id, Emprise.removed_at.is_(None))
        .order_by(Organisation.name.collate(FRENCH), Emprise.name.collate(FRENCH), Emprise.code)
    )
    return [EmpriseLine(*row) for row in rows]


def emprise_by_code(
    session: Session, territory_id: int, code: str, *, lock: bool = False
) -> Emprise | None:
    """Return the piece of ground of this code, unless it was removed; locked if asked."""
    query = (
        select(Emprise)
        .options(joinedload(Emprise.organisation))
        .where(
            Emprise.territory_id == territory_id,
            Emprise.code == code,
            Emprise.removed_at.is_(None),
        )
    )
    return session.scalar(query.with_for_update(of=Emprise) if lock else query)


def is_known_code(session: Session, territory_id: int, code: str) -> bool:
    """Return whether a piece of ground has or had this code."""
    found = select(Emprise.id).where(Emprise.territory_id == territory_id, Emprise.code == code)
    return session.scalar(found) is not None


def check_outline(session: Session, territory_id: int, wkt: str) -> OutlineCheck:
    """Return whether an outline makes a polygon, how large, and whether it is on the territory."""
    row = session.execute(CHECK_OUTLINE, {"territory_id": territory_id, "wkt": wkt}).one()
    return OutlineCheck(*row)


def perimeter_of(wkt: str) -> WKTElement:
    """Return an outline as PostGIS takes it, EPSG:4326."""
    return WKTElement(wkt, srid=WGS84)


def outline_of(session: Session, emprise: Emprise) -> list[Part]:
    """Return the polygons of a piece of ground, rings not closed."""
    written = session.scalars(
        select(func.ST_AsGeoJSON(Emprise.perimeter, 6)).where(Emprise.id == emprise.id)
    ).one()
    return [
        Part(_ring(polygon[0]), [_ring(hole) for hole in polygon[1:]])
        for polygon in json.loads(written)["coordinates"]
    ]


def _ring(points: Sequence[Sequence[float]]) -> list[LonLat]:
    return [LonLat(lon, lat) for lon, lat in points[:-1]]


def rules_of(session: Session, territory_id: int) -> list[RuleLine]:
    """Return the rules of competence, the most particular first."""
    body = Organisation.__table__.alias("body")
    rows = session.execute(
        select(
            func.coalesce(Category.name, ""),
            func.coalesce(
                body.c.name + ", " + Emprise.name,
                "tous les terrains de " + Organisation.name,
                RoutingRuleRow.insee_code,
                "",
            ),
            Team.name,
            RoutingRuleRow.emprise_id.is_not(None),
        )
        .select_from(RoutingRuleRow)
        .join(Team, Team.id == RoutingRuleRow.team_id)
        .outerjoin(Category, Category.id == RoutingRuleRow.category_id)
        .outerjoin(Emprise, Emprise.id == RoutingRuleRow.emprise_id)
        .outerjoin(body, body.c.id == Emprise.organisation_id)
        .outerjoin(Organisation, Organisation.id == RoutingRuleRow.emprise_organisation_id)
        .where(RoutingRuleRow.territory_id == territory_id)
        .order_by(
            Category.position.nulls_last(),
            RoutingRuleRow.emprise_id.is_(None),
            RoutingRuleRow.emprise_organisation_id.is_(None),
            RoutingRuleRow.insee_code.nulls_last(),
        )
    )
    return [RuleLine(*row) for row in rows]


def with_communes(rules: Sequence[RuleLine], names: Sequence[tuple[str, str]]) -> list[RuleLine]:
    """Return rules with the names of communes instead of their codes."""
    known = dict(names)
    return [replace(rule, place=known.get(rule.place, rule.place)) for rule in rules]


def upsert_emprises(session: Session, territory_id: int, rows: Sequence[Row]) -> Counts:
    """Write pieces of ground, `body` being a code and `perimeter` hexadecimal EWKB.

    One that somebody has changed or removed since (its version says so) is left as it is.
    """
    bodies = organisation_ids(session, territory_id)
    touched = touched_codes(session, territory_id)
    kept = [
        {
            **{name: row[name] for name in ("code", "name", "kind", "source", "confidence")},
            "perimeter": row["perimeter"],
            "territory_id": territory_id,
            "organisation_id": bodies[row["body"]],
        }
        for row in rows
        if row["code"] not in touched
    ]
    counts = upsert(session, EMPRISE, kept)
    left = len(rows) - len(kept)
    return Counts(counts.new, counts.changed, counts.unchanged + left, counts.gone)


def touched_codes(session: Session, territory_id: int) -> set[str]:
    """Return the codes of the pieces of ground that somebody has drawn again or removed."""
    return set(
        session.scalars(
            select(Emprise.code).where(Emprise.territory_id == territory_id, Emprise.version > 1)
        )
    )
