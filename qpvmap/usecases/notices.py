"""Post what people are told: one row, and the job that delivers it, in the caller's transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.notices import NewNotice
from qpvmap.storage.notices import insert_notice
from qpvmap.storage.queue import enqueue

DELIVER = "deliver_notice"


def post(session: Session, notice: NewNotice, now: datetime) -> int | None:
    """Post a notice once and return its id; None when it was posted before: nothing is sent."""
    posted = insert_notice(session, notice, now)
    if posted is not None:
        enqueue(session, DELIVER, notice_id=posted)
    return posted
