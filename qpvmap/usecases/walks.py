"""Prepare a site walk, begin it, end it; what is said of it besides its stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.walks import (
    HEADS_MAX,
    NOTE_MAX,
    OWNER_MAX,
    TITLE_MAX,
    BodyCount,
    WalkState,
    body_counts,
)
from qpvmap.storage import walks as rows
from qpvmap.storage.models import SiteWalk, Territory, WalkStop, WalkTheme
from qpvmap.storage.signalements import lock_client_id, point_of
from qpvmap.storage.walk_checklists import theme_by_code

NO_TITLE = f"Donnez un titre, {TITLE_MAX} caractères au plus."
NO_THEME = "Choisissez un thème\u00a0: il dit ce qui est regardé à chaque arrêt."
NO_DAY = "Donnez le jour de la marche."
NO_SUCH_WALK = "Cette marche n’est pas dans la liste\u00a0: choisissez-en une autre, ou aucune."
ENDS_BEFORE = "L’heure de fin vient avant l’heure de début."
TOO_MANY_HEADS = f"Au plus {HEADS_MAX} personnes par organisme."
LONG_BODY = f"Nom d’organisme trop long\u00a0: {OWNER_MAX} caractères au plus."
LONG_NOTE = f"Texte trop long\u00a0: {NOTE_MAX} caractères au plus."
CLOSED = "Cette marche est terminée\u00a0: son parcours ne change plus."
STARTED = "Cette marche a commencé\u00a0: terminez-la plutôt."
NO_STOP = "Ajoutez au moins un arrêt avant de commencer."
OTHER_QPV = "Choisissez un quartier du territoire."


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a walk besides its stops."""

    title: str
    day: date | None
    starts_at: time | None = None
    ends_at: time | None = None
    bodies: Sequence[BodyCount] = ()
    conclusion: str = ""


@dataclass(frozen=True, slots=True)
class NewWalk:
    """A walk that somebody prepares; `follows_id` is the one whose stops it sees again."""

    client_id: UUID
    theme: str
    details: Details
    qpv_code: str = ""
    follows_id: int | None = None


@dataclass(frozen=True, slots=True)
class WalkReceipt:
    """A walk, and whether this call prepared it or an earlier one with its `client_id`."""

    walk: SiteWalk
    created: bool


def create_walk(
    session: Session,
    actor: Actor,
    territory: Territory,
    asked: NewWalk,
    now: datetime,
    *,
    is_demo: bool = False,
) -> WalkReceipt:
    """Prepare a walk once: the same `client_id` again returns the first one.

    Raises
    ------
    NotAllowed
        If the actor prepares no walk here, or the `client_id` is somebody else's.
    InvalidSubmission
        With one message for each field at fault.
    """
    require(actor, Action.LEAD_WALK, Target(territory.id))
    lock_client_id(session, asked.client_id)
    earlier = rows.walk_by_client_id(session, asked.client_id)
    if earlier is not None:
        if earlier.author_id != actor.account_id:
            raise NotAllowed(Action.LEAD_WALK)
        return WalkReceipt(earlier, created=False)
    theme = theme_by_code(session, territory.id, asked.theme)
    before = _walk_before(session, actor, asked.follows_id)
    faults = faults_of(asked.details)
    if theme is None:
        faults["theme"] = NO_THEME
    if asked.qpv_code and asked.qpv_code not in territory.qpv_codes:
        faults["qpv"] = OTHER_QPV
    if asked.follows_id is not None and before is None:
        faults["follows"] = NO_SUCH_WALK
    if faults or theme is None:
        raise InvalidSubmission(faults)
    walk = _row(actor, territory, theme, before, asked, now)
    walk.is_demo = is_demo
    session.add(walk)
    session.flush()
    rows.replace_bodies(session, walk.id, body_counts(asked.details.bodies))
    if before is not None:
        _same_stops(session, walk, before)
    return WalkReceipt(walk, created=True)


def edit_walk(
    session: Session, actor: Actor, walk_id: int, details: Details, version: int, now: datetime
) -> SiteWalk:
    """Change what is said of a walk; who came and what is concluded can be put right afterwards.

    Raises
    ------
    StaleVersion
        If somebody changed the walk since the actor read it.
    NotFound, NotAllowed, InvalidSubmission
        If there is no such walk, the actor may not lead it, or a field is at fault.
    """
    walk = led_walk(session, actor, walk_id)
    if version != walk.version:
        raise StaleVersion(str(walk_id), version, walk.version)
    faults = faults_of(details)
    if faults or details.day is None:
        raise InvalidSubmission(faults)
    walk.title, walk.day = details.title.strip(), details.day
    walk.starts_at, walk.ends_at = details.starts_at, details.ends_at
    walk.conclusion = details.conclusion.strip()
    rows.replace_bodies(session, walk.id, body_counts(details.bodies))
    changed(session, walk, now)
    return walk


def start_walk(session: Session, actor: Actor, walk_id: int, now: datetime) -> SiteWalk:
    """Say that the walk sets out; again changes nothing.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not write on it.
    InvalidSubmission
        If it is over, or has no stop.
    """
    walk = locked_walk(session, actor, walk_id, Action.RECORD_WALK)
    require_open(walk)
    if not rows.stop_keys(session, walk_id):
        raise InvalidSubmission({"walk": NO_STOP})
    begin(walk, now)
    return walk


def close_walk(
    session: Session,
    actor: Actor,
    walk_id: int,
    now: datetime,
    ended_at: datetime | None = None,
    clock_off_s: int | None = None,
) -> tuple[SiteWalk, bool]:
    """Say that the walk is over; return it, and whether this call ended it.

    `ended_at` is when a phone without signal was told, `clock_off_s` by how much its clock is late
    when it is not right; one gone wrong beyond what the walk can be is not believed.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not lead it.
    """
    walk = led_walk(session, actor, walk_id)
    if walk.state == WalkState.CLOSED:
        return walk, False
    began = walk.started_at or walk.created_at
    at = ended_at if ended_at and began <= ended_at <= now else now
    begin(walk, at)
    walk.state, walk.closed_at, walk.end_clock_off_s = WalkState.CLOSED, at, clock_off_s
    changed(session, walk, now)
    return walk, True


def reopen_walk(session: Session, actor: Actor, walk_id: int, now: datetime) -> SiteWalk:
    """Say that the walk was not over after all.

    Raises
    ------
    NotFound, NotAllowed
        As `close_walk` would.
    """
    walk = led_walk(session, actor, walk_id)
    if walk.state == WalkState.CLOSED:
        walk.state, walk.closed_at, walk.end_clock_off_s = WalkState.UNDER_WAY, None, None
        changed(session, walk, now)
    return walk


def discard_walk(session: Session, actor: Actor, walk_id: int) -> None:
    """Forget a walk that has not set out.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not lead it.
    InvalidSubmission
        If it has set out.
    """
    walk = led_walk(session, actor, walk_id)
    if walk.state != WalkState.PREPARED:
        raise InvalidSubmission({"walk": STARTED})
    rows.delete_walk(session, walk_id)


def begin(walk: SiteWalk, now: datetime, at: datetime | None = None) -> None:
    """Note that a walk has set out, the first time: `at` an instant seen by a phone, or now."""
    if walk.state == WalkState.PREPARED:
        walk.state, walk.started_at = WalkState.UNDER_WAY, at or now
        walk.version += 1
        walk.updated_at = now


def require_open(walk: SiteWalk) -> None:
    """Do nothing while a walk can still change.

    Raises
    ------
    InvalidSubmission
        Once it is over.
    """
    if walk.state == WalkState.CLOSED:
        raise InvalidSubmission({"walk": CLOSED})


def led_walk(session: Session, actor: Actor, walk_id: int) -> SiteWalk:
    """Return a walk that the actor leads, held until the transaction ends.

    Raises
    ------
    NotFound, NotAllowed
        If there is none, or the actor may only read it.
    """
    return locked_walk(session, actor, walk_id, Action.LEAD_WALK)


def locked_walk(session: Session, actor: Actor, walk_id: int, action: Action) -> SiteWalk:
    """Return a walk that the actor may do `action` to, held until the transaction ends.

    Raises
    ------
    NotFound, NotAllowed
        If there is none that the actor may know of, or it may only be read.
    """
    walk = rows.find_walk(session, actor, walk_id, lock=True)
    if walk is None:
        raise NotFound("Marche", str(walk_id))
    require(actor, action, Target(walk.territory_id))
    return walk


def changed(session: Session, walk: SiteWalk, now: datetime) -> None:
    """Count a change of a walk."""
    walk.version += 1
    walk.updated_at = now
    session.flush()


def faults_of(details: Details) -> dict[str, str]:
    """Return a message for each field of the details that is at fault."""
    heads = [body.heads for body in details.bodies]
    clocks = details.starts_at, details.ends_at
    checks = {
        "title": (NO_TITLE, 0 < len(details.title.strip()) <= TITLE_MAX),
        "day": (NO_DAY, details.day is not None),
        "ends_at": (ENDS_BEFORE, None in clocks or clocks[0] <= clocks[1]),  # type: ignore[operator]  # both are there
        "bodies": (TOO_MANY_HEADS, all(0 <= count <= HEADS_MAX for count in heads)),
        "body_name": (LONG_BODY, all(len(body.name) <= OWNER_MAX for body in details.bodies)),
        "conclusion": (LONG_NOTE, len(details.conclusion) <= NOTE_MAX),
    }
    return {name: message for name, (message, is_right) in checks.items() if not is_right}


def _walk_before(session: Session, actor: Actor, follows_id: int | None) -> SiteWalk | None:
    if follows_id is None:
        return None
    found = rows.find_walk(session, actor, follows_id)
    return found if found and found.state == WalkState.CLOSED else None


def _row(
    actor: Actor,
    territory: Territory,
    theme: WalkTheme,
    before: SiteWalk | None,
    asked: NewWalk,
    now: datetime,
) -> SiteWalk:
    """Return the row of a walk. A walk that follows another looks at what that one looked at."""
    if actor.account_id is None:
        raise NotAllowed(Action.LEAD_WALK)
    said = asked.details
    return SiteWalk(
        client_id=asked.client_id,
        territory_id=territory.id,
        qpv_code=asked.qpv_code or (before.qpv_code if before else "") or territory.qpv_codes[0],
        theme=before.theme if before else theme,
        item_codes=list(before.item_codes if before else theme.item_codes),
        title=said.title.strip(),
        day=said.day,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        state=WalkState.PREPARED,
        follows_id=before.id if before else None,
        conclusion=said.conclusion.strip(),
        author_id=actor.account_id,
        version=1,
        created_at=now,
        updated_at=now,
    )


def _same_stops(session: Session, walk: SiteWalk, before: SiteWalk) -> None:
    """Give a walk the stops of the one it follows, each tied to what it sees again."""
    session.add_all(
        WalkStop(
            client_id=uuid5(walk.client_id, str(stop.client_id)),
            walk_id=walk.id,
            position=stop.position,
            label=stop.label,
            address=stop.address,
            location=point_of(stop.point),
            before_id=stop.id,
            note="",
        )
        for stop in rows.stops_of(session, [before.id])
    )
    session.flush()
