"""People and teams as those who look after them read them, and what was done to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, selectinload

from qpvmap.core.actors import Actor, Role
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.models import (
    Account,
    Organisation,
    RoleRow,
    Signalement,
    Team,
    Upkeep,
    account_role,
)
from qpvmap.storage.models import team_member as member
from qpvmap.storage.visibility import reached_by

PAGE = 50


def is_staff() -> ColumnElement[bool]:
    """Return the condition on `account` rows that they are more than a resident's."""
    return exists().where(
        account_role.c.account_id == Account.id,
        account_role.c.role_id == RoleRow.id,
        RoleRow.name != Role.RESIDENT,
    )


def people(
    session: Session, territory_id: int, *, search: str = "", team_id: int | None = None, after: int
) -> Sequence[Account]:
    """Return a page of the people of a territory, by name, residents left out.

    `after` is the last account of the page before; 0 for the first page.
    """
    sort = (func.lower(func.unaccent(Account.name)), Account.id)
    chosen = (
        select(Account)
        .options(selectinload(Account.webauthn))
        .where(Account.territory_id == territory_id, is_staff())
    )
    if search:
        chosen = chosen.where(or_(_holds(Account.name, search), _holds(Account.email, search)))
    if team_id is not None:
        chosen = chosen.where(
            Account.id.in_(select(member.c.account_id).where(member.c.team_id == team_id))
        )
    if after:
        last = select(*sort).where(Account.id == after).subquery()
        chosen = chosen.where(tuple_(*sort) > select(*last.c).scalar_subquery())
    return session.scalars(chosen.order_by(*sort).limit(PAGE + 1)).all()


def _holds(column: Any, search: str) -> ColumnElement[bool]:
    return func.strpos(func.lower(func.unaccent(column)), func.lower(func.unaccent(search))) > 0


def find_person(
    session: Session, territory_id: int, account_id: int, *, lock: bool = False
) -> Account | None:
    """Return somebody of a territory who is more than a resident, locked if asked."""
    chosen = select(Account).where(
        Account.id == account_id, Account.territory_id == territory_id, is_staff()
    )
    return session.scalar(_locked(chosen) if lock else chosen)


def find_team(
    session: Session, territory_id: int, team_id: int, *, lock: bool = False
) -> Team | None:
    """Return a team of a territory, locked if asked."""
    chosen = select(Team).where(Team.id == team_id, Team.territory_id == territory_id)
    return session.scalar(_locked(chosen) if lock else chosen)


def _locked(chosen: Select[Any]) -> Select[Any]:
    return chosen.with_for_update(of=chosen.column_descriptions[0]["entity"]).execution_options(
        populate_existing=True
    )


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team of the list: its body, its address, how many open accounts work in it."""

    id: int
    name: str
    organisation: str
    email: str
    confidential: bool
    people: int


def teams(session: Session, territory_id: int) -> list[TeamLine]:
    """Return the teams of a territory, by body and name."""
    counted = (
        select(func.count())
        .select_from(member)
        .join(Account, Account.id == member.c.account_id)
        .where(member.c.team_id == Team.id, Account.active)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Team.id, Team.name, Organisation.name, Team.email, Team.confidential, counted)
        .join(Organisation, Organisation.id == Team.organisation_id)
        .where(Team.territory_id == territory_id)
        .order_by(func.lower(Organisation.name), func.lower(Team.name), Team.id)
    )
    return [TeamLine(*row) for row in rows]


def entrusted(session: Session, actor: Actor, account_id: int) -> int:
    """Return how many open signalements somebody has, of those that `actor` may handle."""
    return session.scalars(
        select(func.count())
        .select_from(Signalement)
        .where(
            Signalement.assignee_id == account_id,
            Signalement.status.in_(OPEN_STATUSES),
            reached_by(actor, Action.HANDLE),
        )
    ).one()


def teams_named(session: Session, territory_id: int, team_ids: frozenset[int]) -> Sequence[Team]:
    """Return those of these teams that are of a territory, by key."""
    return session.scalars(
        select(Team)
        .where(Team.territory_id == territory_id, Team.id.in_(team_ids))
        .order_by(Team.id)
    ).all()


def is_a_person_s(session: Session, email: str) -> bool:
    """Return whether an address is that of somebody's account."""
    return bool(session.scalar(select(exists().where(func.lower(Account.email) == email.lower()))))


@dataclass(frozen=True, slots=True)
class UpkeepLine:
    """What somebody did: to a person or a team of that name."""

    id: int
    at: datetime
    kind: str
    changes: dict[str, Any]
    actor_name: str
    account_id: int | None
    team_id: int | None
    subject: str


def upkeep(
    session: Session,
    territory_id: int,
    *,
    account_id: int | None = None,
    team_id: int | None = None,
    before: int | None = None,
) -> list[UpkeepLine]:
    """Return what was done to people and teams, or to one of them, the last first: a page."""
    author, person = aliased(Account), aliased(Account)
    chosen = (
        select(
            Upkeep.id,
            Upkeep.at,
            Upkeep.kind,
            Upkeep.changes,
            author.name,
            Upkeep.account_id,
            Upkeep.team_id,
            func.coalesce(person.name, Team.name, ""),
        )
        .join(author, author.id == Upkeep.actor_id)
        .outerjoin(person, person.id == Upkeep.account_id)
        .outerjoin(Team, Team.id == Upkeep.team_id)
        .where(Upkeep.territory_id == territory_id)
        .order_by(Upkeep.id.desc())
        .limit(PAGE)
    )
    if account_id is not None:
        chosen = chosen.where(Upkeep.account_id == account_id)
    if team_id is not None:
        chosen = chosen.where(Upkeep.team_id == team_id)
    if before is not None:
        chosen = chosen.where(Upkeep.id < before)
    return [UpkeepLine(*row) for row in session.execute(chosen)]


def last_upkeep(session: Session, subject: Account | Team) -> int:
    """Return the key of the last line about a person or a team; 0 when there is none."""
    column = Upkeep.account_id if isinstance(subject, Account) else Upkeep.team_id
    return session.scalar(select(func.max(Upkeep.id)).where(column == subject.id)) or 0
