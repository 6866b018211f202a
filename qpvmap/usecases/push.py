"""Browsers that an account asked to be told on, and the few words that they are sent.

A message goes through the browser's maker: it names a reference, never a person nor their words.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.bulletins import page_of
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.notices import Channel, NewNotice, PersonKind, Recipient
from qpvmap.core.permissions import Nature
from qpvmap.core.push import MAX_DEVICES, Device
from qpvmap.core.workflow import Status
from qpvmap.storage import push as rows
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.models import Event, Notice, PushDevice, Signalement
from qpvmap.storage.signalements import find_visible

TOO_MANY = f"{MAX_DEVICES} appareils sont déjà prévenus. Retirez-en un d’abord."


def add_device(session: Session, actor: Actor, device: Device, now: datetime) -> int:
    """Tell an account on a browser from now on, and return its key.

    Raises
    ------
    NotFound
        If nobody is signed in.
    InvalidSubmission
        If too many browsers are told already.
    """
    if actor.account_id is None:
        raise NotFound("Appareil", "")
    key = rows.keep_device(session, actor.account_id, device, now)
    if rows.count_devices(session, actor.account_id) > MAX_DEVICES:
        raise InvalidSubmission({"form": TOO_MANY})
    return key


def remove_device(session: Session, actor: Actor, device_id: int) -> None:
    """Tell nothing more on a browser of an account.

    Raises
    ------
    NotFound
        If it is not theirs.
    """
    if actor.account_id is None or not rows.remove_device(session, actor.account_id, device_id):
        raise NotFound("Appareil", str(device_id))


def forget_endpoint(session: Session, actor: Actor, endpoint: str) -> None:
    """Tell nothing more on the browser that asks, known by its address."""
    if actor.account_id is not None:
        rows.forget_endpoint(session, actor.account_id, endpoint)


def on_devices(session: Session, notice: NewNotice, account_id: int) -> Sequence[NewNotice]:
    """Return a notice again for each browser of an account."""
    return [
        NewNotice(
            source=notice.source,
            kind=notice.kind,
            territory_id=notice.territory_id,
            recipient=Recipient(PersonKind.ACCOUNT, account_id, str(device.id)),
            channel=Channel.PUSH,
            signalement_id=notice.signalement_id,
            event_id=notice.event_id,
            payload=notice.payload,
        )
        for device in rows.devices_of(session, account_id)
    ]


def with_devices(session: Session, notices: Sequence[NewNotice]) -> list[NewNotice]:
    """Return notices, and again for each browser of the accounts that they are for."""
    pushed = [
        push
        for notice in notices
        if notice.recipient.kind is PersonKind.ACCOUNT
        for push in on_devices(session, notice, notice.recipient.id)
    ]
    return [*notices, *pushed]


def push_message(reference: str, state: str, *, confidential: bool) -> Mapping[str, str]:
    """Return what a browser shows: a reference, how it stands, where it leads."""
    return {
        "title": "Signalement confidentiel" if confidential else f"Signalement {reference}",
        "body": "Ouvrez-le pour en savoir plus." if confidential else state,
        "url": page_of(reference),
        "tag": reference,
    }


def words_of(session: Session, notice: Notice) -> Mapping[str, str] | None:
    """Return what a browser shows of a notice; None when its account may not see it any more."""
    event = session.get(Event, notice.event_id) if notice.event_id else None
    if event is None or notice.account_id is None:
        return None
    reference = session.get_one(Signalement, event.signalement_id).reference
    seen = find_visible(session, actor_by_id(session, notice.account_id), reference)
    if seen is None:
        return None
    urgent = "Urgence. " if seen.priority == Priority.EMERGENCY and not seen.outcome else ""
    state = f"{urgent}{STATUS_LABELS[Status(event.to_status)]}"
    return push_message(reference, state, confidential=seen.nature != Nature.TECHNIQUE)


def forget_device(session: Session, device_id: int) -> None:
    """Forget a browser that its push service knows no more."""
    rows.remove_gone(session, device_id)


def device_by_key(session: Session, account_id: int | None, key: str) -> PushDevice | None:
    """Return a browser of an account by the key that a notice bears; None once it is removed."""
    device = session.get(PushDevice, int(key))
    return device if device is not None and device.account_id == account_id else None
