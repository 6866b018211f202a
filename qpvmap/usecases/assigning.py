"""Give a signalement to a person of the team that has it, or to nobody in particular."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission
from qpvmap.storage.models import Signalement
from qpvmap.storage.people import is_member
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.reassign import lock_handled

ASSIGNED = "assigned"
NOT_IN_TEAM = "Choisissez une personne de ce service."
SAME_PERSON = "Cette personne l’a déjà."
NOBODY_YET = "Il n’est confié à personne."


def assign(
    session: Session,
    actor: Actor,
    reference: str,
    assignee_id: int | None,
    version: int,
    now: datetime,
) -> Signalement:
    """Give the signalement to a member of its team, or take it back from whoever has it.

    The line is for those who handle: the public knows teams, not people. Another team clears it,
    as `usecases.journal` sees to.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    CannotChange
        If it has ended, is to be arbitrated, or nothing would change.
    InvalidSubmission
        If the person is not of the team that has it.
    """
    signalement = lock_handled(session, actor, reference, version)
    if assignee_id == signalement.assignee_id:
        raise CannotChange(NOBODY_YET if assignee_id is None else SAME_PERSON)
    if assignee_id is not None and not is_member(session, assignee_id, signalement.team_id):
        raise InvalidSubmission({"assignee": NOT_IN_TEAM})
    line = Line(ASSIGNED, {"assignee_id": assignee_id}, internal=True)
    write(session, signalement, actor, line, now)
    session.refresh(signalement, ["assignee"])
    return signalement
