"""The guide of services: structures, their history, what waits to be decided."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from qpvmap.core.guide import ASK_AGAIN, CHECK_EVERY, MOST_ASKED, Proposal
from qpvmap.storage.models import (
    Account,
    GuideEvent,
    GuideOffer,
    GuideProposal,
    GuideStructure,
)


def structure_by_code(
    session: Session, territory_id: int, code: str, *, lock: bool = False
) -> GuideStructure | None:
    """Return a structure with its offers, held until the transaction ends when asked."""
    return _one(
        session, lock, GuideStructure.territory_id == territory_id, GuideStructure.code == code
    )


def structure_by_id(session: Session, key: int, *, lock: bool = False) -> GuideStructure | None:
    """Return a structure with its offers, of whichever territory."""
    return _one(session, lock, GuideStructure.id == key)


def _one(session: Session, lock: bool, *conditions: Any) -> GuideStructure | None:
    query = select(GuideStructure).where(*conditions, GuideStructure.removed_at.is_(None))
    if lock:
        query = query.with_for_update(of=GuideStructure)
    query = query.options(selectinload(GuideStructure.offers))
    return session.scalar(query.execution_options(populate_existing=True))


def place_of(session: Session, structure_id: int) -> tuple[float, float] | None:
    """Return the lon and lat of a structure; None when only its commune is known."""
    row = session.execute(
        select(geo.ST_X(GuideStructure.location), geo.ST_Y(GuideStructure.location)).where(
            GuideStructure.id == structure_id, GuideStructure.location.is_not(None)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def structures_of(session: Session, territory_id: int) -> Sequence[GuideStructure]:
    """Return the structures of a territory with their offers, by name."""
    return session.scalars(
        select(GuideStructure)
        .where(GuideStructure.territory_id == territory_id, GuideStructure.removed_at.is_(None))
        .options(selectinload(GuideStructure.offers))
        .order_by(GuideStructure.name, GuideStructure.id)
    ).all()


def offer_by_id(session: Session, territory_id: int, offer_id: int) -> GuideOffer | None:
    """Return an offer of a territory's guide."""
    return session.scalar(
        select(GuideOffer)
        .join(GuideStructure, GuideStructure.id == GuideOffer.structure_id)
        .where(
            GuideOffer.id == offer_id,
            GuideOffer.removed_at.is_(None),
            GuideStructure.removed_at.is_(None),
            GuideStructure.territory_id == territory_id,
        )
    )


def history_of(session: Session, structure_id: int) -> list[tuple[GuideEvent, str]]:
    """Return the changes of a structure, the last first, with who made them (nothing: itself)."""
    rows = session.execute(
        select(GuideEvent, func.coalesce(Account.name, ""))
        .outerjoin(Account, Account.id == GuideEvent.account_id)
        .where(GuideEvent.structure_id == structure_id)
        .order_by(GuideEvent.at.desc(), GuideEvent.id.desc())
        .limit(50)
    )
    return [(event, name) for event, name in rows]


def waiting_proposals(
    session: Session, territory_id: int
) -> list[tuple[GuideProposal, GuideStructure]]:
    """Return the corrections that wait for a decision, the oldest first, with their structures."""
    rows = session.execute(
        select(GuideProposal, GuideStructure)
        .join(GuideStructure, GuideStructure.id == GuideProposal.structure_id)
        .where(
            GuideProposal.territory_id == territory_id,
            GuideProposal.state == Proposal.WAITING,
            GuideStructure.removed_at.is_(None),
        )
        .order_by(GuideProposal.received_at, GuideProposal.id)
        .options(selectinload(GuideStructure.offers))
    )
    return [(proposal, structure) for proposal, structure in rows]


def locked_proposal(session: Session, territory_id: int, key: int) -> GuideProposal | None:
    """Return a correction, held until the transaction ends."""
    return session.scalar(
        select(GuideProposal)
        .where(GuideProposal.id == key, GuideProposal.territory_id == territory_id)
        .with_for_update()
    )


def has_waiting(session: Session, structure_id: int) -> bool:
    """Return whether a correction of a structure waits for a decision."""
    found = select(GuideProposal.id).where(
        GuideProposal.structure_id == structure_id, GuideProposal.state == Proposal.WAITING
    )
    return session.scalar(found.limit(1)) is not None


def due_for_review(session: Session, now: datetime, today: date) -> Sequence[GuideStructure]:
    """Return the structures to ask, locked: checked over a year ago, and not asked lately."""
    return session.scalars(
        select(GuideStructure)
        .where(
            GuideStructure.removed_at.is_(None),
            GuideStructure.email != "",
            or_(
                GuideStructure.checked_on.is_(None),
                GuideStructure.checked_on <= today - CHECK_EVERY,
            ),
            or_(GuideStructure.asked_at.is_(None), GuideStructure.asked_at <= now - ASK_AGAIN),
            GuideStructure.asked < MOST_ASKED,
        )
        .order_by(GuideStructure.id)
        .with_for_update(skip_locked=True)
    ).all()
