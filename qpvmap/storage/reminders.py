"""Which promises are to be recalled to their teams, and to whom beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import Step
from qpvmap.core.digests import Desk
from qpvmap.core.workflow import RUNNING_STATUSES
from qpvmap.storage.models import (
    Account,
    ClosingDay,
    Organisation,
    Reminder,
    RoleRow,
    Signalement,
    Team,
    account_role,
    team_member,
)
from qpvmap.storage.statements import statement

MAX_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Due:
    """A promise at a step where its team is to be reminded of it."""

    signalement_id: int
    team_id: int
    due_at: datetime
    step: Step


def closed_days(session: Session) -> dict[int, frozenset[date]]:
    """Return the closing days of each body, weekends and public holidays left out."""
    rows = session.execute(
        select(Organisation.id, func.array_agg(ClosingDay.day))
        .outerjoin(ClosingDay, ClosingDay.organisation_id == Organisation.id)
        .group_by(Organisation.id)
    )
    return {key: frozenset(day for day in days if day) for key, days in rows}


def due_reminders(session: Session, desks: Mapping[int, Desk], now: datetime) -> list[Due]:
    """Return the promises to recall at `now`, by the desks of their bodies, in one statement."""
    rows = session.execute(
        statement("reminders"),
        {
            "now": now,
            "organisation_ids": list(desks),
            "are_open": [desk.is_open for desk in desks.values()],
            "soons": [desk.soon for desk in desks.values()],
            "openeds": [desk.opened for desk in desks.values()],
            "running": [str(status) for status in RUNNING_STATUSES],
            "max_rows": MAX_ROWS,
        },
    )
    return [Due(row.signalement_id, row.team_id, row.due_at, Step(row.step)) for row in rows]


def take_reminders(session: Session, due: Sequence[Due], now: datetime) -> list[Due]:
    """Note that these are recalled; return those that no other worker had noted before."""
    if not due:
        return []
    rows = [
        {
            "signalement_id": one.signalement_id,
            "due_at": one.due_at,
            "step": one.step,
            "sent_at": now,
        }
        for one in sorted(due, key=lambda one: (one.signalement_id, one.due_at, one.step))
    ]
    taken = session.execute(
        insert(Reminder)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(Reminder.signalement_id, Reminder.due_at, Reminder.step)
    )
    keys = {(row.signalement_id, row.due_at, row.step) for row in taken}
    return [one for one in due if (one.signalement_id, one.due_at, one.step) in keys]


def still_due(
    session: Session, promises: Sequence[tuple[int, datetime]], team_id: int
) -> list[Signalement]:
    """Return those of a team's promises, by signalement and date, that still run to that date."""
    rows = session.scalars(
        select(Signalement)
        .where(
            tuple_(Signalement.id, Signalement.due_at).in_(promises),
            Signalement.team_id == team_id,
            Signalement.status.in_(RUNNING_STATUSES),
        )
        .order_by(Signalement.due_at, Signalement.id)
    )
    return list(rows)


def overseers(session: Session, team_id: int) -> list[Account]:
    """Return who is told of what is twice late: the team's leads, and the coordinators."""
    leads = (
        select(team_member.c.account_id)
        .join(account_role, account_role.c.account_id == team_member.c.account_id)
        .join(RoleRow, RoleRow.id == account_role.c.role_id)
        .where(team_member.c.team_id == team_id, RoleRow.name == Role.LEAD)
    )
    coordinators = (
        select(account_role.c.account_id)
        .join(RoleRow, RoleRow.id == account_role.c.role_id)
        .where(RoleRow.name == Role.COORDINATOR)
    )
    territory = select(Team.territory_id).where(Team.id == team_id).scalar_subquery()
    rows = session.scalars(
        select(Account)
        .where(
            Account.active,
            Account.territory_id == territory,
            Account.id.in_(leads) | Account.id.in_(coordinators),
        )
        .order_by(Account.id)
    )
    return list(rows)
