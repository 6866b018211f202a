"""Who else saw the same thing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.storage.models import Support


def support_by_client_id(session: Session, client_id: UUID) -> Support | None:
    """Return the support sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(Support).where(Support.client_id == client_id))


def support_of(session: Session, actor: Actor, signalement_id: int) -> Support | None:
    """Return the support that an account already gave to a signalement."""
    if actor.account_id is None:
        return None
    return session.scalar(
        select(Support).where(
            Support.signalement_id == signalement_id, Support.account_id == actor.account_id
        )
    )


def add_support(
    session: Session, actor: Actor, signalement_id: int, client_id: UUID, now: datetime
) -> Support:
    """Write that somebody else saw it."""
    support = Support(
        client_id=client_id, signalement_id=signalement_id, account_id=actor.account_id, at=now
    )
    session.add(support)
    session.flush()
    return support
