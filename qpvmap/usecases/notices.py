"""Post what people are told, once, and say how far each sending went.

A notice is `sending` before anybody is connected to, `handing` just before the last byte leaves.
Whoever is killed while sending left nothing behind that could be delivered: it is sent again.
Whoever is killed while handing may have been heard: a person decides.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, NotFound
from qpvmap.core.notices import NewNotice, Sending
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.models import Notice
from qpvmap.storage.notices import (
    UNDER_WAY,
    Turn,
    change_mine,
    insert_notice,
    locked_notice,
    lost_notices,
)
from qpvmap.storage.queue import enqueue

DELIVER = "deliver_notice"
MAYBE_SENT = "Peut-être parti : l’envoi s’est interrompu au dernier moment."
LOST_AFTER = timedelta(minutes=10)
NOT_FAILED = "Cet envoi n’est pas en échec : il n’y a rien à renvoyer."


def post(session: Session, notice: NewNotice, now: datetime) -> int | None:
    """Post a notice once and return its id; None when it was posted before: nothing is sent."""
    posted = insert_notice(session, notice, now)
    if posted is not None:
        enqueue(session, DELIVER, notice_id=posted)
    return posted


def find_lost(session: Session, now: datetime) -> int:
    """Ask again for the delivery of what lost its job (a queue emptied by hand); how many."""
    lost = lost_notices(session, DELIVER, now - LOST_AFTER)
    for notice_id in lost:
        enqueue(session, DELIVER, notice_id=notice_id)
    return len(lost)


def take_up(session: Session, notice_id: int) -> Notice | None:
    """Return a notice that is to be sent, and is now one's own; None when there is nothing to do.

    One that was being handed over when its worker died becomes a failed one, in doubt.
    """
    notice = locked_notice(session, notice_id)
    if notice is None:
        return None
    if notice.state == Sending.HANDING:
        notice.state, notice.in_doubt, notice.error = Sending.FAILED, True, MAYBE_SENT
        return None
    if notice.state not in UNDER_WAY:
        return None
    notice.state, notice.attempts = Sending.SENDING, notice.attempts + 1
    session.flush()
    return notice


def hand(session: Session, turn: Turn) -> bool:
    """Say that the last byte is about to leave; False when another took it up: give it up then."""
    return change_mine(session, turn, (Sending.SENDING,), {"state": Sending.HANDING})


def mark_sent(session: Session, turn: Turn, now: datetime) -> None:
    """Say that it was accepted."""
    values = {"state": Sending.SENT, "sent_at": now, "error": "", "in_doubt": False}
    change_mine(session, turn, (Sending.SENDING, Sending.HANDING), values)


def mark_failed(session: Session, turn: Turn, reason: str, *, in_doubt: bool = False) -> None:
    """Say that it will not be sent again by itself, and why."""
    values = {"state": Sending.FAILED, "error": reason, "in_doubt": in_doubt}
    change_mine(session, turn, (Sending.SENDING, Sending.HANDING), values)


def put_back(session: Session, turn: Turn, reason: str) -> None:
    """Say that it was refused for the moment, and why: it will be tried again."""
    values = {"state": Sending.WAITING, "error": reason, "in_doubt": False}
    change_mine(session, turn, (Sending.SENDING, Sending.HANDING), values)


def cancel(session: Session, turn: Turn, reason: str) -> None:
    """Say that it has no more reason to be sent."""
    values = {"state": Sending.CANCELLED, "error": reason}
    change_mine(session, turn, (Sending.SENDING, Sending.HANDING), values)


def send_again(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Have a failed notice sent again, for somebody who looked at it and decided so.

    Raises
    ------
    NotFound
        If there is none, or it is of another territory.
    NotAllowed
        If the actor does not look after what is sent.
    CannotChange
        If it did not fail.
    """
    notice = locked_notice(session, notice_id)
    if notice is None or notice.territory_id not in actor.territory_ids:
        raise NotFound("Envoi", str(notice_id))
    require(actor, Action.VIEW_SENDINGS, Target(notice.territory_id))
    if notice.state != Sending.FAILED:
        raise CannotChange(NOT_FAILED)
    notice.state, notice.in_doubt, notice.error = Sending.WAITING, False, ""
    session.flush()
    enqueue(session, DELIVER, notice_id=notice.id)
    return notice
