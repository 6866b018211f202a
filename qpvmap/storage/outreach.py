"""Rows of solicitations and actions, and of the photos of actions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.presence_words import WordKind
from qpvmap.storage.models import Initiative, InitiativePhoto, PresenceWord, Solicitation
from qpvmap.storage.visibility import initiatives_of


def solicitation_by_client_id(session: Session, client_id: UUID) -> Solicitation | None:
    """Return what was noted under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(Solicitation).where(Solicitation.client_id == client_id))


def solicitations_since(
    session: Session, account_id: int, since: datetime
) -> Sequence[Solicitation]:
    """Return what this person noted since, the newest first."""
    return session.scalars(
        select(Solicitation)
        .where(
            Solicitation.author_id == account_id,
            Solicitation.happened_at >= since,
            Solicitation.cancelled_at.is_(None),
        )
        .order_by(Solicitation.happened_at.desc(), Solicitation.id.desc())
        .limit(200)
    ).all()


def initiative_by_client_id(session: Session, client_id: UUID) -> Initiative | None:
    """Return what was noted under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(Initiative).where(Initiative.client_id == client_id))


def find_initiative(session: Session, actor: Actor, client_id: UUID) -> Initiative | None:
    """Return an action that `actor` may read, if it was not taken back."""
    return session.scalar(
        select(Initiative)
        .options(joinedload(Initiative.team), joinedload(Initiative.author))
        .where(
            Initiative.client_id == client_id,
            Initiative.cancelled_at.is_(None),
            initiatives_of(actor),
        )
    )


def words_by_code(
    session: Session, territory_id: int, kind: WordKind, codes: Collection[str]
) -> Sequence[PresenceWord]:
    """Return the open words of these codes, in order."""
    if not codes:
        return []
    return session.scalars(
        select(PresenceWord)
        .where(
            PresenceWord.territory_id == territory_id,
            PresenceWord.kind == kind,
            PresenceWord.code.in_(list(codes)),
            ~PresenceWord.closed,
        )
        .order_by(PresenceWord.position)
    ).all()


def initiative_photo_by_client_id(session: Session, client_id: UUID) -> InitiativePhoto | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(InitiativePhoto).where(InitiativePhoto.client_id == client_id))


def photos_of_initiative(session: Session, initiative_id: int) -> Sequence[InitiativePhoto]:
    """Return the photos of an action, oldest first."""
    return session.scalars(
        select(InitiativePhoto)
        .where(
            InitiativePhoto.initiative_id == initiative_id,
            InitiativePhoto.removed_at.is_(None),
        )
        .order_by(InitiativePhoto.id)
    ).all()


def count_initiative_photos(session: Session, initiative_id: int) -> int:
    """Return how many photos of an action are there."""
    counted: int = session.execute(
        select(func.count()).where(
            InitiativePhoto.initiative_id == initiative_id,
            InitiativePhoto.removed_at.is_(None),
        )
    ).scalar_one()
    return counted


def find_initiative_photo(
    session: Session, actor: Actor, photo_id: int, *, lock: bool = False
) -> tuple[InitiativePhoto, Initiative] | None:
    """Return a photo that is still there, if `actor` may see its action, and that."""
    query = (
        select(InitiativePhoto, Initiative)
        .join(Initiative, Initiative.id == InitiativePhoto.initiative_id)
        .where(
            InitiativePhoto.id == photo_id,
            InitiativePhoto.removed_at.is_(None),
            Initiative.cancelled_at.is_(None),
            initiatives_of(actor),
        )
    )
    if lock:
        query = query.with_for_update(of=InitiativePhoto)
    found = session.execute(query).one_or_none()
    return (found[0], found[1]) if found else None
