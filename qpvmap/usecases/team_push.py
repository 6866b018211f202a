"""What a team is told, on the browsers of those of its people who asked for it: a count, a list.

The words are those of the mail's subject: how many there are, never what nor where.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.bulletins import INBOX, Bulletin
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.models import Notice
from qpvmap.usecases.digests import DIGEST, digest_bulletin
from qpvmap.usecases.push import words_of
from qpvmap.usecases.reminders import REMINDER, reminder_bulletin


def _digest(session: Session, notice: Notice, now: datetime) -> Bulletin | None:
    reader = actor_by_id(session, notice.account_id) if notice.account_id else None
    return digest_bulletin(session, notice.payload, reader, now)


def _reminder(session: Session, notice: Notice, now: datetime) -> Bulletin | None:
    return reminder_bulletin(session, notice.payload, now)


BULLETINS: Mapping[str, Callable[[Session, Notice, datetime], Bulletin | None]] = {
    DIGEST: _digest,
    REMINDER: _reminder,
}
"""Kinds of notice that tell of many signalements at once."""


def message_of(session: Session, notice: Notice, now: datetime) -> Mapping[str, str] | None:
    """Return what a browser shows of a notice; None when nothing of it is left to say."""
    if notice.kind not in BULLETINS:
        return words_of(session, notice)
    bulletin = BULLETINS[notice.kind](session, notice, now)
    if bulletin is None:
        return None
    return {
        "title": bulletin.subject,
        "body": "Ouvrez la corbeille pour les voir.",
        "url": bulletin.action.href if bulletin.action else INBOX,
        "tag": f"{notice.kind}-{notice.payload['team_id']}",
    }
