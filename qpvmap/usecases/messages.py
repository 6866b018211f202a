"""Say something about a signalement without changing where it stands."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotAllowed, NotFound
from qpvmap.core.messages import message_text
from qpvmap.core.permissions import Action, require
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Event, Signalement
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.journal import Line, write


def answer(session: Session, actor: Actor, reference: str, text: str, now: datetime) -> Event:
    """Answer the reporter, in the name of the body that handles.

    Raises
    ------
    NotFound, NotAllowed
        If the actor may not know of it, or does not handle it.
    InvalidSubmission
        If the text is empty or too long.
    """
    signalement = _lock(session, actor, reference)
    require(actor, Action.HANDLE, target_of(signalement))
    return write(session, signalement, actor, Line("answer", comment=message_text(text)), now)


def note(session: Session, actor: Actor, reference: str, text: str, now: datetime) -> Event:
    """Leave a note that only those who handle will read.

    Raises
    ------
    NotFound, NotAllowed, InvalidSubmission
        As `answer` would.
    """
    signalement = _lock(session, actor, reference)
    require(actor, Action.VIEW_NOTES, target_of(signalement))
    line = Line("note", comment=message_text(text), internal=True)
    return write(session, signalement, actor, line, now)


def message(session: Session, actor: Actor, reference: str, text: str, now: datetime) -> Event:
    """Add what the person who reported has to say.

    Raises
    ------
    NotFound
        If the actor may not know of it.
    NotAllowed
        If it is somebody else's report.
    InvalidSubmission
        If the text is empty or too long.
    """
    signalement = _lock(session, actor, reference)
    target = target_of(signalement)
    require(actor, Action.ANSWER, target)
    if not target.is_own_of(actor):
        raise NotAllowed(Action.ANSWER)
    return write(session, signalement, actor, Line("message", comment=message_text(text)), now)


def _lock(session: Session, actor: Actor, reference: str) -> Signalement:
    signalement = rows.find_visible(session, actor, reference, lock=True)
    if signalement is None:
        raise NotFound("Signalement", reference)
    return signalement
