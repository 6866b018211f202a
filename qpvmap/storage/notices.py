"""Rows of what is sent to people: each step from waiting to sent, taken by one worker at a time."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.notices import NewNotice
from qpvmap.storage.models import Notice


def insert_notice(session: Session, notice: NewNotice, now: datetime) -> int | None:
    """Add a notice and return its id; None when there is one under its key already."""
    recipient = notice.recipient
    person = {f"{recipient.kind}_id": recipient.id}
    return session.scalar(
        insert(Notice)
        .values(
            key=notice.key,
            territory_id=notice.territory_id,
            kind=notice.kind,
            channel=notice.channel,
            signalement_id=notice.signalement_id,
            event_id=notice.event_id,
            address=recipient.address,
            payload=dict(notice.payload),
            created_at=now,
            **person,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Notice.id)
    )
