"""« C’est le même »: say that one saw it too, instead of filing it once more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.errors import NotAllowed, NotFound
from qpvmap.core.permissions import Action, require
from qpvmap.storage import signalements as rows
from qpvmap.storage.contacts import add_contact, has_contact
from qpvmap.storage.models import Signalement, Support
from qpvmap.storage.supports import add_support, support_by_client_id, support_of
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.journal import Line, write


@dataclass(frozen=True, slots=True)
class Supported:
    """What was supported: the signalement, or its original, and whether this call counted."""

    signalement: Signalement
    created: bool

    @property
    def people(self) -> int:
        """How many people saw it, its author among them."""
        return self.signalement.supports + 1


def support(
    session: Session,
    actor: Actor,
    reference: str,
    client_id: UUID,
    contact: ContactDetails | None,
    now: datetime,
) -> Supported:
    """Count `actor` once among those who saw it, and keep how to reach them if they wish.

    The same `client_id`, or the same account, again counts nothing more; a contact that comes
    later is kept. Supporting a duplicate supports its original. Nothing is closed nor reopened.

    Raises
    ------
    NotFound
        If there is none, or the actor may not know of it.
    NotAllowed
        If the actor may not support it, or the `client_id` is somebody else's.
    """
    rows.lock_client_id(session, client_id)
    signalement = _lock(session, actor, reference)
    require(actor, Action.SUPPORT, target_of(signalement))
    given = _given(session, actor, signalement, client_id)
    counts = given is None and (
        actor.account_id is None or signalement.reporter_id != actor.account_id
    )
    if counts:
        given = add_support(session, actor, signalement.id, client_id, now)
        signalement.supports += 1
        write(session, signalement, actor, Line("supported"), now)
    if contact and given and not has_contact(session, given.id):
        add_contact(session, actor, signalement.id, contact, now, support_id=given.id)
    return Supported(signalement, counts)


def _lock(session: Session, actor: Actor, reference: str) -> Signalement:
    """Return the signalement, or the original it duplicates if the actor may see it, locked."""
    named = rows.find_visible(session, actor, reference)
    if named is None:
        raise NotFound("Signalement", reference)
    if named.duplicate_of_id is not None:
        original = session.scalar(
            select(Signalement.reference).where(Signalement.id == named.duplicate_of_id)
        )
        reference = original or reference
    locked = rows.find_visible(session, actor, reference, lock=True)
    if locked is None:
        raise NotFound("Signalement", reference)
    return locked


def _given(
    session: Session, actor: Actor, signalement: Signalement, client_id: UUID
) -> Support | None:
    """Return what was already given by this sending or this account."""
    sent = support_by_client_id(session, client_id)
    if sent is None:
        return support_of(session, actor, signalement.id)
    if sent.account_id != actor.account_id or sent.signalement_id != signalement.id:
        raise NotAllowed(Action.SUPPORT)
    return sent
