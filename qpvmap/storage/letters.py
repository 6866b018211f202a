"""What a letter about a line of a journal needs to know, read when it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.telling import Letter
from qpvmap.storage.models import (
    Account,
    Commune,
    Contact,
    Event,
    Notice,
    Organisation,
    Signalement,
    Team,
    Territory,
)

COPIES = ("team_digest", "emergency")
"""Kinds of notices that go to a team, and to those of its people who want a copy."""
NEWS = ("alert", "followed_move")
"""Kinds of notices that tell of what people follow."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter is about: `own` is the report as its reader knows it, often the same."""

    event: Event
    signalement: Signalement
    own: Signalement
    territory: Territory
    commune: str
    writer: str


def matter_of(session: Session, notice: Notice) -> Matter | None:
    """Return what a notice of a line of a journal is about; None when it is about none."""
    if notice.event_id is None or notice.signalement_id is None:
        return None
    event = session.get_one(Event, notice.event_id)
    signalement = signalement_row(session, event.signalement_id)
    return Matter(
        event=event,
        signalement=signalement,
        own=signalement_row(session, notice.signalement_id),
        territory=session.get_one(Territory, notice.territory_id),
        commune=_commune_name(session, signalement.insee_code),
        writer=_organisation_name(session, event.organisation_id),
    )


def signalement_row(session: Session, signalement_id: int) -> Signalement:
    """Return a signalement that is known to exist, with its category and team."""
    return session.scalars(
        select(Signalement)
        .options(
            joinedload(Signalement.category),
            joinedload(Signalement.team).joinedload(Team.organisation),
        )
        .where(Signalement.id == signalement_id)
    ).one()


def parts_of(session: Session, signalement_id: int) -> Sequence[Signalement]:
    """Return the parts of a signalement that was split."""
    return session.scalars(
        select(Signalement)
        .options(joinedload(Signalement.category), joinedload(Signalement.team))
        .where(Signalement.parent_id == signalement_id)
        .order_by(Signalement.id)
    ).all()


def still_told(session: Session, notice: Notice) -> bool:
    """Return whether the recipient still wants to be told, at the address that was read."""
    if notice.contact_id is not None:
        contact = session.get(Contact, notice.contact_id)
        return contact is not None and contact.unsubscribed_at is None
    if notice.account_id is not None:
        account = session.get(Account, notice.account_id)
        return account is not None and account.active and _wants(account, notice)
    return True


def _wants(account: Account, notice: Notice) -> bool:
    """Return whether an account wants notices of a kind; a reminder goes with being in charge."""
    if notice.kind in COPIES:
        return account.told_of_teams
    if notice.kind in NEWS:
        return account.told_of_followed
    return notice.kind not in tuple(Letter) or account.told_by_mail


def _commune_name(session: Session, insee_code: str) -> str:
    name = session.scalar(
        select(Commune.name)
        .where(Commune.insee_code == insee_code)
        .order_by(Commune.vintage.desc())
        .limit(1)
    )
    return name or insee_code


def _organisation_name(session: Session, organisation_id: int | None) -> str:
    if organisation_id is None:
        return ""
    return session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)) or ""
