"""The way of a walk: its stops in order, and the line that was drawn or recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action
from qpvmap.core.places import words_near
from qpvmap.core.walks import (
    LABEL_MAX,
    MAX_STOPS,
    ROUTE_MAX_POINTS,
    RouteSource,
    simplified,
)
from qpvmap.storage import walks as rows
from qpvmap.storage.gazetteer import nearest_place
from qpvmap.storage.models import SiteWalk, WalkStop
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import lock_client_id, point_of
from qpvmap.usecases.walk_records import seen_at
from qpvmap.usecases.walks import begin, changed, led_walk, locked_walk, require_open

TOO_MANY = f"{MAX_STOPS} arrêts au plus\u00a0: au-delà, faites deux marches."
LONG_LABEL = f"Nom d’arrêt trop long\u00a0: {LABEL_MAX} caractères au plus."
SEEN = "Cet arrêt a déjà été vu\u00a0: il reste dans la marche."
SHORT_ROUTE = "Un tracé a au moins deux points."
LONG_ROUTE = f"Tracé trop long\u00a0: {ROUTE_MAX_POINTS} points au plus."


@dataclass(frozen=True, slots=True)
class NewStop:
    """A stop that somebody adds; without a label it is called by what is nearest to it.

    `captured_at` is when a phone added it on the way, perhaps without signal.
    """

    client_id: UUID
    point: LonLat
    label: str = ""
    address: str = ""
    captured_at: datetime | None = None


def add_stop(
    session: Session, actor: Actor, walk_id: int, asked: NewStop, now: datetime
) -> tuple[WalkStop, bool]:
    """Add a stop at the end once; return it, and whether this call added it.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not lead it.
    InvalidSubmission
        If the walk is over, or was when the phone added it; has too many stops; or the name is
        too long.
    OutsideTerritory
        If no commune that is loaded contains the place.
    """
    lock_client_id(session, asked.client_id)
    walk = led_walk(session, actor, walk_id)
    earlier = rows.stop_by_client_id(session, asked.client_id)
    if earlier is not None:
        if earlier.walk_id != walk_id:
            raise NotAllowed(Action.LEAD_WALK)
        return earlier, False
    if asked.captured_at is None:
        require_open(walk)
    else:
        seen_at(walk, asked.captured_at, now)
    label = _label(asked.label)
    keys = rows.stop_keys(session, walk_id)
    if len(keys) >= MAX_STOPS:
        raise InvalidSubmission({"stop": TOO_MANY})
    if locate(session, asked.point).commune is None:
        raise OutsideTerritory(asked.point.lon, asked.point.lat)
    name, near = _near(session, walk, asked.point)
    stop = WalkStop(
        client_id=asked.client_id,
        walk_id=walk_id,
        position=len(keys) + 1,
        label=label or asked.address[:LABEL_MAX] or name[:LABEL_MAX] or f"Arrêt {len(keys) + 1}",
        address=asked.address or near,
        location=point_of(asked.point),
        note="",
    )
    session.add(stop)
    changed(session, walk, now)
    return stop, True


def rename_stop(
    session: Session, actor: Actor, walk_id: int, stop_id: int, label: str, now: datetime
) -> None:
    """Give a stop another name.

    Raises
    ------
    NotFound, NotAllowed, InvalidSubmission
        As `add_stop` would; or if the name is empty.
    """
    walk = led_walk(session, actor, walk_id)
    stop = _stop(session, walk_id, stop_id)
    named = _label(label)
    if not named:
        raise InvalidSubmission({"label": "Donnez un nom à cet arrêt."})
    stop.label = named
    changed(session, walk, now)


def remove_stop(session: Session, actor: Actor, walk_id: int, stop_id: int, now: datetime) -> None:
    """Take a stop off a walk, unless something was said there.

    Raises
    ------
    NotFound, NotAllowed, InvalidSubmission
        As `add_stop` would; or if the stop was seen.
    """
    walk = led_walk(session, actor, walk_id)
    require_open(walk)
    stop = _stop(session, walk_id, stop_id)
    if stop.seen_at is not None or rows.is_used(session, stop_id):
        raise InvalidSubmission({"stop": SEEN})
    session.delete(stop)
    session.flush()
    rows.number_stops(session, rows.stop_keys(session, walk_id))
    changed(session, walk, now)


def move_stop(
    session: Session, actor: Actor, walk_id: int, stop_id: int, by: int, now: datetime
) -> None:
    """Move a stop by `by` places, later when positive; at an end it stays there.

    Raises
    ------
    NotFound, NotAllowed, InvalidSubmission
        As `add_stop` would.
    """
    walk = led_walk(session, actor, walk_id)
    require_open(walk)
    _stop(session, walk_id, stop_id)
    keys = rows.stop_keys(session, walk_id)
    here = keys.index(stop_id)
    keys.insert(max(0, min(len(keys) - 1, here + by)), keys.pop(here))
    rows.number_stops(session, keys)
    changed(session, walk, now)


def set_route(
    session: Session,
    actor: Actor,
    walk_id: int,
    points: Sequence[LonLat],
    source: RouteSource,
    now: datetime,
    sending: UUID | None = None,
) -> bool:
    """Keep the line of a walk, simplified; return whether this call did.

    A line that was recorded is not written over one that was: whoever sends it again, or records
    beside somebody else, changes nothing. An empty one forgets what is there.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not write on it.
    InvalidSubmission
        If the line is too short or too long.
    """
    needed = Action.RECORD_WALK if source is RouteSource.RECORDED else Action.LEAD_WALK
    walk = locked_walk(session, actor, walk_id, needed)
    if len(points) == 1 or (not points and source is RouteSource.RECORDED):
        raise InvalidSubmission({"route": SHORT_ROUTE})
    if len(points) > ROUTE_MAX_POINTS:
        raise InvalidSubmission({"route": LONG_ROUTE})
    if sending is not None and walk.route_sending == sending:
        return False
    if source is RouteSource.RECORDED and walk.route_source == RouteSource.RECORDED:
        return False
    kept = simplified(points)
    walk.route = rows.line_of(kept) if kept else None  # type: ignore[assignment]  # read back as WKB
    walk.route_source = source if kept else None
    walk.route_sending = sending
    if source is RouteSource.RECORDED:
        begin(walk, now)
    changed(session, walk, now)
    return True


def _label(text: str) -> str:
    label = text.strip()
    if len(label) > LABEL_MAX:
        raise InvalidSubmission({"label": LONG_LABEL})
    return label


def _near(session: Session, walk: SiteWalk, point: LonLat) -> tuple[str, str]:
    """Return the name of what is nearest, and it with its distance; empty when nothing is."""
    nearest = nearest_place(session, walk.territory_id, point)
    if nearest is None:
        return "", ""
    return nearest[0][:1].upper() + nearest[0][1:], words_near(*nearest)


def _stop(session: Session, walk_id: int, stop_id: int) -> WalkStop:
    found = rows.find_stop(session, walk_id, stop_id, lock=True)
    if found is None:
        raise NotFound("Arrêt", str(stop_id))
    return found
