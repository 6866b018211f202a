"""Who wants to be told of a report: by account, or by an address they agreed to leave."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qpvmap.core.contacts import STAFF
from qpvmap.core.notices import PersonKind, Recipient
from qpvmap.storage.models import Account, Contact, RoleRow, Signalement, Support, account_role


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody to be told; `signalement_id` is the report as they know it: their own."""

    recipient: Recipient
    signalement_id: int
    is_staff: bool = False


def family_of(session: Session, signalement: Signalement) -> list[int]:
    """Return the reports whose people are told of this one.

    Itself, the whole it is a part of, and the duplicates that follow either; never one of another
    nature, whose readers may not read this one's words.
    """
    heads = [signalement.id, *([signalement.parent_id] if signalement.parent_id else [])]
    found = session.scalars(
        select(Signalement.id)
        .where(
            or_(Signalement.id.in_(heads), Signalement.duplicate_of_id.in_(heads)),
            Signalement.nature == signalement.nature,
        )
        .order_by(Signalement.id)
    )
    return list(found)


def followers_of(session: Session, signalement_ids: Sequence[int]) -> list[Follower]:
    """Return who is told of these reports: accounts first, then contacts in their order."""
    return [*_accounts(session, signalement_ids), *_contacts(session, signalement_ids)]


def _accounts(session: Session, ids: Sequence[int]) -> list[Follower]:
    """Return the accounts that reported them, or saw the same; not those who want no mails."""
    reported = select(
        Signalement.reporter_id.label("account_id"), Signalement.id.label("signalement_id")
    ).where(Signalement.id.in_(ids))
    supported = select(Support.account_id, Support.signalement_id).where(
        Support.signalement_id.in_(ids)
    )
    either = reported.union(supported).subquery()
    staff = (
        select(account_role.c.account_id)
        .join(RoleRow, RoleRow.id == account_role.c.role_id)
        .where(RoleRow.name.in_([str(role) for role in sorted(STAFF, key=str)]))
    )
    rows = session.execute(
        select(Account.id, Account.email, either.c.signalement_id, Account.id.in_(staff))
        .join(either, either.c.account_id == Account.id)
        .where(Account.active, Account.told_by_mail)
        .order_by(either.c.signalement_id, Account.id)
    )
    return [
        Follower(Recipient(PersonKind.ACCOUNT, account_id, email), signalement_id, is_staff)
        for account_id, email, signalement_id, is_staff in rows
    ]


def _contacts(session: Session, ids: Sequence[int]) -> list[Follower]:
    rows = session.execute(
        select(Contact.id, Contact.email, Contact.signalement_id)
        .where(
            Contact.signalement_id.in_(ids),
            Contact.email != "",
            Contact.unsubscribed_at.is_(None),
        )
        .order_by(Contact.id)
    )
    return [
        Follower(Recipient(PersonKind.CONTACT, contact_id, email), signalement_id)
        for contact_id, email, signalement_id in rows
    ]


def addresses_of(session: Session, account_id: int | None, contact_id: int | None) -> Sequence[str]:
    """Return the addresses of an account and of a contact."""
    account = select(Account.email).where(Account.id == account_id)
    contact = select(Contact.email).where(Contact.id == contact_id)
    return session.scalars(account.union(contact)).all()
