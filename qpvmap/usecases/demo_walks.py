"""Invented walks, made by the use cases of real life at moments of the past. Twice adds nothing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.core.demo_walks import DemoDecision, DemoStop, DemoWalk, DemoWalks
from qpvmap.core.geo import LonLat
from qpvmap.core.signalements import Submission
from qpvmap.core.walks import (
    BodyCount,
    DecisionStatus,
    Grade,
    PointKind,
    Remark,
    Visit,
)
from qpvmap.storage.models import Signalement, SiteWalk, Territory
from qpvmap.storage.signalements import by_client_id, point_at
from qpvmap.storage.walks import stops_of
from qpvmap.usecases.walk_decisions import NewDecision, add_decision, settle_decision
from qpvmap.usecases.walk_records import NewPoint, add_point, record_visit
from qpvmap.usecases.walk_stops import NewStop, add_stop
from qpvmap.usecases.walks import Details, NewWalk, close_walk, create_walk, start_walk

AT_A_STOP = timedelta(minutes=18)


def load_demo_walks(
    session: Session,
    territory: Territory,
    plan: DemoWalks,
    actors: Mapping[str, Actor],
    filed: Mapping[int, UUID],
    now: datetime,
) -> int:
    """Add the walks that are missing; return how many.

    Parameters
    ----------
    actors : Mapping
        The invented people, by address.
    filed : Mapping
        The identifier under which each invented signalement was filed, by its number.
    """
    walks: dict[str, int] = {}
    added = 0
    for one in plan.walks:
        actor, at = actors[one.author], begun_at(one, now)
        follows = walks.get(one.follows) if one.follows else None
        asked = _asked(territory, one, follows, at)
        made = create_walk(session, actor, territory, asked, at, is_demo=True)
        walks[one.key] = made.walk.id
        if made.created:
            _walk(session, actor, made.walk, one, filed, at, now)
            added += 1
    return added


def begun_at(one: DemoWalk, now: datetime) -> datetime:
    """Return when a walk set out: never in the future."""
    day = (now - timedelta(days=one.days_ago)).astimezone(PARIS).date()
    return datetime.combine(day, one.starts_at, PARIS)


def key_of(territory: Territory, *parts: object) -> UUID:
    """Return the identifier of something invented, always the same."""
    return uuid5(
        NAMESPACE_URL, ":".join(map(str, ("urn:qpvmap:demo-walk", territory.code, *parts)))
    )


def _asked(territory: Territory, one: DemoWalk, follows: int | None, at: datetime) -> NewWalk:
    bodies = [BodyCount(body.kind, body.name, body.heads) for body in one.bodies]
    conclusion = one.conclusion.strip()
    details = Details(one.title, at.date(), one.starts_at, one.ends_at, bodies, conclusion)
    return NewWalk(key_of(territory, one.key), one.theme, details, follows_id=follows)


def _walk(
    session: Session,
    actor: Actor,
    walk: SiteWalk,
    one: DemoWalk,
    filed: Mapping[int, UUID],
    at: datetime,
    now: datetime,
) -> None:
    territory = session.get_one(Territory, walk.territory_id)
    if walk.follows_id is None:
        for number, stop in enumerate(one.stops):
            point = LonLat(stop.lon, stop.lat)
            key = key_of(territory, one.key, "stop", number)
            add_stop(session, actor, walk.id, NewStop(key, point, stop.label), at)
    start_walk(session, actor, walk.id, at)
    moment = at
    for row, stop in zip(stops_of(session, [walk.id]), one.stops, strict=True):
        moment += AT_A_STOP
        said = _visit(key_of(territory, one.key, "visit", row.position), row.id, stop, moment)
        record_visit(session, actor, walk.id, said, moment)
        _points(session, actor, walk, row.id, stop, filed, moment)
    close_walk(session, actor, walk.id, moment)
    for number, decision in enumerate(one.decisions):
        key = key_of(territory, one.key, "decision", number)
        _decide(session, actor, walk, decision, key, filed, now)


def _visit(key: UUID, stop_id: int, stop: DemoStop, at: datetime) -> Visit:
    remarks = {
        code: Remark(Grade(grade), stop.texts.get(code, "")) for code, grade in stop.grades.items()
    }
    return Visit(key, stop_id, at, remarks, stop.note)


def _points(
    session: Session,
    actor: Actor,
    walk: SiteWalk,
    stop_id: int,
    stop: DemoStop,
    filed: Mapping[int, UUID],
    at: datetime,
) -> None:
    for number in stop.signalements:
        row = _signalement(session, filed[number])
        if row is not None:
            place = point_at(session, row.id)
            said = Submission(
                client_id=row.client_id, category=row.category.code, lon=place.lon, lat=place.lat
            )
            add_point(session, actor, walk.id, NewPoint(said, PointKind.DEFECT, stop_id), at)
    for number, words in enumerate(stop.good):
        said = Submission(
            client_id=uuid5(walk.client_id, f"good:{stop_id}:{number}"),
            category=PointKind.SATISFACTION,
            lon=stop.lon,
            lat=stop.lat,
            description=words,
        )
        add_point(session, actor, walk.id, NewPoint(said, PointKind.SATISFACTION, stop_id), at)


def _decide(
    session: Session,
    actor: Actor,
    walk: SiteWalk,
    decision: DemoDecision,
    key: UUID,
    filed: Mapping[int, UUID],
    now: datetime,
) -> None:
    rows = [_signalement(session, filed[number]) for number in decision.signalements]
    asked = NewDecision(
        key,
        decision.what,
        decision.team,
        due_on=walk.day + timedelta(days=decision.due_days),
        references=[row.reference for row in rows if row],
    )
    kept, _ = add_decision(session, actor, walk.id, asked, walk.closed_at or now)
    if decision.status is not DecisionStatus.PROMISED:
        at = min(now, (walk.closed_at or now) + timedelta(days=decision.due_days - 5))
        settle_decision(session, actor, walk.id, kept.id, decision.status, decision.note, at)


def _signalement(session: Session, client_id: UUID) -> Signalement | None:
    return by_client_id(session, client_id)
