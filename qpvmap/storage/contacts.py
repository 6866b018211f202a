"""How to reach residents: rows that only those who handle a signalement may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, exists, or_, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.contacts import ContactDetails, on_behalf_of
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Account, Contact, Signalement
from qpvmap.storage.visibility import reached_by


@dataclass(frozen=True, slots=True)
class KnownContact:
    """Somebody to keep informed: of this signalement, or of a duplicate of it."""

    reference: str
    name: str
    email: str
    phone: str
    consent_at: datetime
    recorded_by: str
    from_support: bool


def add_contact(
    session: Session,
    actor: Actor,
    signalement_id: int,
    details: ContactDetails,
    now: datetime,
    *,
    support_id: int | None = None,
) -> None:
    """Keep how to reach a resident who agreed to it at `now`."""
    session.add(
        Contact(
            signalement_id=signalement_id,
            support_id=support_id,
            name=details.name,
            email=details.email,
            phone=details.phone,
            consent_at=now,
            recorded_by=on_behalf_of(actor),
        )
    )
    session.flush()


def has_contact(session: Session, support_id: int) -> bool:
    """Return whether a support came with a way to reach its author."""
    return bool(session.scalar(select(exists().where(Contact.support_id == support_id))))


def contacts_of(session: Session, actor: Actor, signalement_id: int) -> Sequence[KnownContact]:
    """Return who is to be kept informed, its duplicates' people too, as far as `actor` may know.

    The address of who wants no more mails is not given: it was left for that alone.
    """
    rows = session.execute(
        select(
            Signalement.reference,
            Contact.name,
            case((Contact.unsubscribed_at.is_(None), Contact.email), else_=""),
            Contact.phone,
            Contact.consent_at,
            Account.name,
            Contact.support_id.is_not(None),
        )
        .join(Contact, Contact.signalement_id == Signalement.id)
        .outerjoin(Account, Account.id == Contact.recorded_by)
        .where(
            or_(Signalement.id == signalement_id, Signalement.duplicate_of_id == signalement_id),
            reached_by(actor, Action.VIEW_CONTACT),
        )
        .order_by(Contact.id)
    )
    return [
        KnownContact(reference, name, email, phone, at, recorded_by or "", from_support)
        for reference, name, email, phone, at, recorded_by, from_support in rows
    ]


def filed_contact(session: Session, signalement_id: int) -> Contact | None:
    """Return what its author left when filing. For the author's own receipt: the caller checks."""
    return session.scalar(
        select(Contact)
        .where(Contact.signalement_id == signalement_id, Contact.support_id.is_(None))
        .order_by(Contact.id)
        .limit(1)
    )
