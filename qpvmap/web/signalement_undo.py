"""Taking back one's last gesture on a signalement: to whom it is offered, where, for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, url_for

from qpvmap.core.actors import Actor
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.undoing import UNDO_FOR, can_be_undone, is_in_time
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Signalement
from qpvmap.storage.signalements import Entry

UNDO = "undo"
"""The category of a message that offers to take something back."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may still be taken back: the version that it made, and how long is left."""

    reference: str
    version: int
    seconds: int


def offer_of(
    actor: Actor, signalement: Signalement, entries: Sequence[Entry], now: datetime
) -> Offer | None:
    """Return the reader's last gesture, when it was the last on this signalement and is fresh."""
    changes = (one for one in reversed(entries) if one.changes or one.kind == "moved")
    last = next(changes, None)
    if last is None or actor.account_id is None or last.actor_id != actor.account_id:
        return None
    if not can_be_undone(last.kind, last.from_status, last.to_status) or not is_in_time(
        last.at, now
    ):
        return None
    left = UNDO_FOR - (now - last.at)
    return Offer(signalement.reference, signalement.version, max(int(left.total_seconds()), 1))


def offer_later(reference: str, version: int, kept: dict[str, Any]) -> None:
    """Offer it on the next page, whichever that is: the one of a list, or of a round."""
    flash(url_for("signalement_page.take_back", reference=reference, version=version, **kept), UNDO)


def undone_words(signalement: Signalement) -> str:
    """Return what is said once it was taken back."""
    status = STATUS_LABELS[Status(signalement.status)].lower()
    return (
        f"Annulé\u00a0: le signalement est «\u00a0{status}\u00a0», comme avant. "
        "Personne n’a été prévenu."
    )
