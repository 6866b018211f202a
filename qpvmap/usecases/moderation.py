"""Show or hide a text, once somebody who handles it has read it."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action, may, require
from qpvmap.core.privacy import shown
from qpvmap.storage.models import Signalement
from qpvmap.usecases.handling import lock_visible, target_of
from qpvmap.usecases.journal import Line, write

SHOWN = Line("text_released", {"description_hidden": False})
HIDDEN = Line("text_hidden", {"description_hidden": True})


def release_description(
    session: Session, actor: Actor, reference: str, version: int, now: datetime
) -> Signalement:
    """Let everybody read the text: it names nobody.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    """
    return _write(session, actor, reference, version, SHOWN, now)


def hide_description(
    session: Session, actor: Actor, reference: str, version: int, now: datetime
) -> Signalement:
    """Keep the text from the public, whether or not it was flagged.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    """
    return _write(session, actor, reference, version, HIDDEN, now)


def _write(
    session: Session, actor: Actor, reference: str, version: int, line: Line, now: datetime
) -> Signalement:
    signalement = lock_visible(session, actor, reference, version)
    require(actor, Action.HANDLE, target_of(signalement))
    if signalement.description_hidden != line.changes["description_hidden"]:
        write(session, signalement, actor, line, now)
    return signalement


def description_for(actor: Actor, signalement: Signalement) -> str:
    """Return the text of a signalement as `actor` reads it: not before it was checked."""
    return shown(
        signalement.description,
        hidden=signalement.description_hidden,
        may_read=may(actor, Action.VIEW_UNCHECKED, target_of(signalement)),
    )
