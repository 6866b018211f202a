"""File a signalement: where it is, who takes it, by when, one row and its first event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import InvalidSubmission, NotAllowed, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Nature, Target, require
from qpvmap.core.places import Location, words_near
from qpvmap.core.privacy import personal_hints
from qpvmap.core.signalements import FIELD_MESSAGES, Submission
from qpvmap.core.workflow import Status
from qpvmap.storage import signalements as rows
from qpvmap.storage.contacts import add_contact
from qpvmap.storage.gazetteer import nearest_place
from qpvmap.storage.models import Category, Signalement, Territory
from qpvmap.storage.places import locate
from qpvmap.usecases.journal import open_journal
from qpvmap.usecases.routing import Handling, plan_handling


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was filed, and whether this call filed it or an earlier one with its `client_id`."""

    signalement: Signalement
    location: Location
    created: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """Where a point is and, once a category is chosen, who would take it."""

    location: Location
    handling: Handling | None


def submit(
    session: Session,
    actor: Actor,
    territory: Territory,
    submission: Submission,
    now: datetime,
    *,
    is_demo: bool = False,
    clock_off_s: int | None = None,
) -> Receipt:
    """File `submission` once: the same `client_id` again returns the first one.

    `clock_off_s` is by how much the clock of the phone that sends it is late, when it is not right.

    Raises
    ------
    InvalidSubmission
        If the category does not exist on the territory.
    NotAllowed
        If the actor may not file this nature, or the `client_id` is somebody else's.
    OutsideTerritory
        If the point lies in no commune of the territory.
    NoTeam
        If the territory has no rule for this place and category.
    """
    rows.lock_client_id(session, submission.client_id)
    earlier = _earlier(session, actor, submission.client_id)
    if earlier is not None:  # before any check: what was filed stays filed, whatever changed since
        return earlier
    category = _category(session, actor, territory, submission.category)
    location = _served_location(session, territory, submission.point, submission.accuracy_m)
    handling = plan_handling(session, category, location, submission.priority, now)
    signalement = _row(territory, category, location, handling, submission)
    signalement.address = submission.address or _place_words(session, territory, submission.point)
    signalement.reference = rows.next_reference(session, territory, category.nature, now.year)
    signalement.reporter_id = actor.account_id
    signalement.captured_at = submission.captured_by(now)
    signalement.clock_off_s = clock_off_s
    signalement.created_at = signalement.updated_at = signalement.counted_from = now
    signalement.is_demo = is_demo
    session.add(signalement)
    session.flush()
    if submission.contact:
        add_contact(session, actor, signalement.id, submission.contact, now)
    open_journal(session, signalement, actor, now)
    return Receipt(signalement, location, created=True)


def preview(
    session: Session,
    actor: Actor,
    territory: Territory,
    point: LonLat,
    accuracy_m: float | None,
    category_code: str | None,
    now: datetime,
    *,
    priority: Priority = Priority.NORMAL,
) -> Preview:
    """Return where `point` is and who would take `category_code` there: nothing is written.

    Raises
    ------
    OutsideTerritory, InvalidSubmission, NotAllowed, NoTeam
        As `submit` would.
    """
    location = _served_location(session, territory, point, accuracy_m)
    if not category_code:
        return Preview(location, None)
    category = _category(session, actor, territory, category_code)
    return Preview(location, plan_handling(session, category, location, priority, now))


def _category(session: Session, actor: Actor, territory: Territory, code: str) -> Category:
    category = rows.category_by_code(session, territory.id, code)
    if category is None:
        raise InvalidSubmission({"category": FIELD_MESSAGES["category"]})
    require(actor, Action.SUBMIT, Target(territory.id, Nature(category.nature)))
    return category


def _earlier(session: Session, actor: Actor, client_id: UUID) -> Receipt | None:
    """Return what this `client_id` already filed; a guessed one tells nothing of another's."""
    found = rows.by_client_id(session, client_id)
    if found is None:
        return None
    if found.reporter_id != actor.account_id:
        raise NotAllowed(Action.SUBMIT)
    return Receipt(found, rows.stored_location(session, found), created=False)


def _served_location(
    session: Session, territory: Territory, point: LonLat, accuracy_m: float | None
) -> Location:
    location = locate(session, point, accuracy_m)
    if location.commune is None:
        raise OutsideTerritory(point.lon, point.lat)
    if location.commune.code not in territory.insee_codes:
        raise OutsideTerritory(point.lon, point.lat, location.commune.name)
    return location


def _place_words(session: Session, territory: Territory, point: LonLat) -> str:
    """Return the nearest known place in words: a pair of coordinates finds nobody a way."""
    nearest = nearest_place(session, territory.id, point)
    return words_near(*nearest) if nearest else ""


def _row(
    territory: Territory,
    category: Category,
    location: Location,
    handling: Handling,
    submission: Submission,
) -> Signalement:
    qpv, capture = location.qpv, submission.capture_kept
    return Signalement(
        territory_id=territory.id,
        client_id=submission.client_id,
        category=category,
        nature=category.nature,
        status=Status.NEW,
        team=handling.team,
        routing_ground=handling.ground,
        routing_doubt=handling.doubt,
        emprise_id=handling.emprise.id if handling.emprise else None,
        description=submission.description,
        location=rows.point_of(submission.point),
        accuracy_m=submission.accuracy_m,
        captured_location=rows.point_of(capture.point) if capture else None,
        captured_accuracy_m=capture.accuracy_m if capture else None,
        position_method=submission.position_method,
        insee_code=location.commune.code if location.commune else "",
        iris_code=location.iris.code if location.iris else None,
        qpv_code=qpv.code if qpv else None,
        qpv_vintage=qpv.vintage if qpv else None,
        inside_qpv=bool(qpv and qpv.inside),
        qpv_distance_m=qpv.distance_m if qpv else None,
        share_inside=qpv.share_inside if qpv else 0.0,
        priority=submission.priority,
        waiting_on="",
        refusals=0,
        reopenings=0,
        supports=0,
        description_hidden=bool(personal_hints(submission.description)),
        acknowledge_due_at=handling.acknowledge_due_at,
        due_at=handling.due_at,
        version=1,
    )
