"""Rows of signalements and of their journal. Every read takes the actor and hides by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from sqlalchemy import and_, exists, func, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import LoaderOption

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.permissions import Nature
from qpvmap.core.places import Location, PlaceRef, QpvPosition
from qpvmap.core.privacy import masked
from qpvmap.core.routing import RoutingRule
from qpvmap.storage.models import (
    Account,
    Category,
    Commune,
    Event,
    Iris,
    Organisation,
    Photo,
    Precedent,
    Qpv,
    ReferenceCounter,
    RoutingRuleRow,
    Signalement,
    Team,
    Territory,
)
from qpvmap.storage.undoing import still_stands
from qpvmap.storage.visibility import visible_to


def point_of(place: LonLat) -> WKTElement:
    """Return `place` as a PostGIS point, EPSG:4326."""
    return WKTElement(f"POINT({place.lon!r} {place.lat!r})", srid=WGS84)


def point_at(session: Session, signalement_id: int) -> LonLat:
    """Return where a signalement that is known to exist lies, EPSG:4326."""
    place = func.st_x(Signalement.location), func.st_y(Signalement.location)
    lon, lat = session.execute(select(*place).where(Signalement.id == signalement_id)).one()
    return LonLat(lon, lat)


def correction_of(session: Session, signalement_id: int) -> float:
    """Return how far the place is from where the phone was, metres; it is known to be kept."""
    apart = func.st_distancesphere(Signalement.location, Signalement.captured_location)
    return float(session.scalars(select(apart).where(Signalement.id == signalement_id)).one())


def territory_by_code(session: Session, code: str) -> Territory | None:
    """Return the territory of this code."""
    return session.scalar(select(Territory).where(Territory.code == code))


def category_by_code(session: Session, territory_id: int, code: str) -> Category | None:
    """Return the category of this code on a territory."""
    return session.scalar(
        select(Category).where(Category.territory_id == territory_id, Category.code == code)
    )


def categories_of(session: Session, territory_id: int) -> Sequence[Category]:
    """Return every category of a territory, in the order in which people are shown them."""
    return session.scalars(
        select(Category)
        .where(Category.territory_id == territory_id)
        .order_by(Category.position, Category.id)
    ).all()


def routing_rules(session: Session, category: Category) -> list[RoutingRule]:
    """Return the rules that could decide on `category`: its own, and the coordination's.

    What is confidential only knows the rules of teams that may have it.
    """
    made = exists().where(Precedent.rule_id == RoutingRuleRow.id)
    rows = session.execute(
        select(RoutingRuleRow, made)
        .join(Team, Team.id == RoutingRuleRow.team_id)
        .where(
            RoutingRuleRow.territory_id == category.territory_id,
            (RoutingRuleRow.category_id == category.id) | RoutingRuleRow.category_id.is_(None),
            true() if category.nature != Nature.TRANQUILLITE else Team.confidential,
        )
    )
    return [
        RoutingRule(
            team_id=rule.team_id,
            category=category.code if rule.category_id else None,
            insee_code=rule.insee_code,
            emprise_id=rule.emprise_id,
            body_id=rule.emprise_organisation_id,
            is_precedent=is_precedent,
        )
        for rule, is_precedent in rows
    ]


def team_by_id(session: Session, team_id: int) -> Team:
    """Return a team that is known to exist, with its body."""
    return session.scalars(
        select(Team).options(joinedload(Team.organisation)).where(Team.id == team_id)
    ).one()


def team_by_code(session: Session, territory_id: int, code: str) -> Team | None:
    """Return the team of this code on a territory, with its body."""
    return session.scalar(
        select(Team)
        .options(joinedload(Team.organisation))
        .where(Team.territory_id == territory_id, Team.code == code)
    )


def lock_client_id(session: Session, client_id: UUID) -> None:
    """Make a second sending of the same `client_id` wait until this transaction ends."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": str(client_id)}
    )


def by_client_id(session: Session, client_id: UUID) -> Signalement | None:
    """Return what was filed under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(
        select(Signalement)
        .options(joinedload(Signalement.category), _team())
        .where(Signalement.client_id == client_id)
    )


SERIES: Mapping[str, str] = {Nature.TECHNIQUE: "", Nature.TRANQUILLITE: "C"}
"""What a nature puts before its numbers: one count for both would tell how many are hidden."""


def next_reference(session: Session, territory: Territory, nature: str, year: int) -> str:
    """Return the next reference of the year, such as `BL-2026-0421` or `BL-2026-C007`."""
    series = SERIES[nature]
    taken = (
        insert(ReferenceCounter)
        .values(territory_id=territory.id, year=year, series=series, last=1)
        .on_conflict_do_update(
            index_elements=["territory_id", "year", "series"],
            set_={"last": ReferenceCounter.last + 1},
        )
        .returning(ReferenceCounter.last)
    )
    width = 4 - len(series)
    return f"{territory.reference_prefix}-{year}-{series}{session.scalar(taken):0{width}d}"


def find_visible(
    session: Session, actor: Actor, reference: str, *, lock: bool = False
) -> Signalement | None:
    """Return the signalement of this reference if `actor` may see it, locked if asked."""
    query = (
        select(Signalement)
        .options(joinedload(Signalement.category), _team(), joinedload(Signalement.reporter))
        .where(Signalement.reference == reference, visible_to(actor))
    )
    if lock:  # the row as it is now, even if this session read it before
        query = query.with_for_update(of=Signalement).execution_options(populate_existing=True)
    return session.scalar(query)


def stored_location(session: Session, signalement: Signalement) -> Location:
    """Return where the signalement was when it was filed, by the codes it keeps."""
    names = session.execute(
        select(
            select(Commune.name)
            .where(Commune.insee_code == signalement.insee_code)
            .order_by(Commune.vintage.desc())
            .limit(1)
            .scalar_subquery(),
            select(Iris.name)
            .where(Iris.code == signalement.iris_code)
            .order_by(Iris.vintage.desc())
            .limit(1)
            .scalar_subquery(),
            select(Qpv.name)
            .where(Qpv.code == signalement.qpv_code, Qpv.vintage == signalement.qpv_vintage)
            .scalar_subquery(),
        )
    ).one()
    commune, iris, qpv = names
    return Location(
        commune=PlaceRef(signalement.insee_code, commune or ""),
        iris=PlaceRef(signalement.iris_code, iris or "") if signalement.iris_code else None,
        qpv=_qpv_position(signalement, qpv or ""),
    )


def _qpv_position(signalement: Signalement, name: str) -> QpvPosition | None:
    if signalement.qpv_code is None:
        return None
    return QpvPosition(
        code=signalement.qpv_code,
        name=name,
        vintage=signalement.qpv_vintage or 0,
        inside=signalement.inside_qpv,
        distance_m=signalement.qpv_distance_m or 0.0,
        share_inside=signalement.share_inside,
    )


def _team() -> LoaderOption:
    return joinedload(Signalement.team).joinedload(Team.organisation)


def has_photo_after(session: Session, signalement_id: int) -> bool:
    """Return whether a photo of the work done is there."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Photo.signalement_id == signalement_id,
                    Photo.moment == "after",
                    Photo.removed_at.is_(None),
                )
            )
        )
    )


def changes_over_time(
    session: Session, signalement_id: int
) -> list[tuple[datetime, Mapping[str, Any]]]:
    """Return when each line of a signalement's journal was written and what it changed.

    What was taken back never was: no promise depends on it.
    """
    rows = session.execute(
        select(Event.at, Event.changes)
        .where(Event.signalement_id == signalement_id, still_stands())
        .order_by(Event.sequence)
    )
    return [(at, changes) for at, changes in rows]


WRITTEN_FIELDS = frozenset({"waiting_on"})
"""State fields that hold a person's own words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a signalement's history, as its readers see it."""

    sequence: int
    version: int
    kind: str
    internal: bool
    at: datetime
    from_status: str | None
    to_status: str
    comment: str
    changes: Mapping[str, Any]
    actor_id: int | None
    actor_name: str
    organisation_name: str


def history(
    session: Session, signalement_id: int, *, internal: bool = False, unchecked: bool = False
) -> list[Entry]:
    """Return the journal of a signalement, oldest first; internal lines only if asked for.

    What was taken back before anybody was told is internal too, whatever it was.
    What in people's words looks like a way to find somebody is masked, but for those who may read
    what is `unchecked`. `actor_name` is there for those who may see it: the caller decides.
    """
    shown = _as_written if unchecked else masked
    rows = session.execute(
        select(Event, Account.name, Organisation.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .outerjoin(Organisation, Organisation.id == Event.organisation_id)
        .where(
            Event.signalement_id == signalement_id,
            true() if internal else and_(~Event.internal, still_stands()),
        )
        .order_by(Event.sequence)
    )
    return [
        Entry(
            sequence=event.sequence,
            version=event.version,
            kind=event.kind,
            internal=event.internal,
            at=event.at,
            from_status=event.from_status,
            to_status=event.to_status,
            comment=shown(event.comment),
            changes=_shown_changes(event.changes, shown),
            actor_id=event.actor_id,
            actor_name=name or "",
            organisation_name=organisation or "",
        )
        for event, name, organisation in rows
    ]


def _as_written(text: str) -> str:
    return text


def _shown_changes(changes: Mapping[str, Any], shown: Callable[[str], str]) -> Mapping[str, Any]:
    """Return what a line changed, the words that somebody typed as they are to be read."""
    return {
        side: {
            name: shown(value) if name in WRITTEN_FIELDS else value
            for name, value in fields.items()
        }
        for side, fields in changes.items()
    }
