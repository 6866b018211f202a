"""The journal of the lines of insertion: who changed what, for those who keep them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.insertion import Clause
from qpvmap.core.permissions import Action, Target, may
from qpvmap.storage.models import Account, InsertionChange, InsertionClause

JOURNAL_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a line: its number, what it said, what it says; None when it is not."""

    clause_id: int
    before: Clause | None
    after: Clause | None


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the journal. Who left has no name; `is_gone`: the line of insertion is no more."""

    id: int
    at: datetime
    name: str
    origin: str
    clause_id: int
    before: Clause | None
    after: Clause | None
    is_gone: bool

    @property
    def clause(self) -> Clause:
        """The line that it speaks of, as it is after, else as it was."""
        return self.after or self.before or Clause(0, "", "", "")

    @property
    def may_come_back(self) -> bool:
        """Whether it tells of a removal that nobody has undone."""
        return self.after is None and self.is_gone


def note_changes(
    session: Session,
    actor: Actor,
    territory_id: int,
    written: Iterable[Written],
    origin: str,
    now: datetime,
) -> None:
    """Add to the journal what `actor` wrote."""
    rows = [
        {
            "territory_id": territory_id,
            "clause_id": one.clause_id,
            "at": now,
            "actor_id": actor.account_id,
            "origin": origin,
            "before": one.before.values() if one.before else None,
            "after": one.after.values() if one.after else None,
        }
        for one in written
    ]
    if rows:
        session.execute(insert(InsertionChange), rows)


def journal_of(
    session: Session, actor: Actor, territory_id: int, clause_id: int | None = None
) -> list[Noted]:
    """Return the last lines of the journal, the newest first; nothing to who keeps no insertion.

    With `clause_id`, of one line of insertion alone.
    """
    if not may(actor, Action.EDIT_INSERTION, Target(territory_id)):
        return []
    asked = _lines(territory_id).limit(JOURNAL_LIMIT)
    if clause_id is not None:
        asked = asked.where(InsertionChange.clause_id == clause_id)
    return [_noted(*row) for row in session.execute(asked)]


def removal_of(session: Session, territory_id: int, change_id: int) -> Noted | None:
    """Return the removal that a line of the journal tells of; None when it tells none."""
    asked = _lines(territory_id).where(
        InsertionChange.id == change_id, InsertionChange.after.is_(None)
    )
    row = session.execute(asked).one_or_none()
    return _noted(*row) if row else None


def _lines(territory_id: int) -> Select[InsertionChange, str | None, int | None]:
    return (
        select(InsertionChange, Account.name, InsertionClause.id)
        .outerjoin(Account, Account.id == InsertionChange.actor_id)
        .outerjoin(InsertionClause, InsertionClause.id == InsertionChange.clause_id)
        .where(InsertionChange.territory_id == territory_id)
        .order_by(InsertionChange.id.desc())
    )


def _noted(row: InsertionChange, name: str | None, there: int | None) -> Noted:
    before, after = (Clause(**told) if told else None for told in (row.before, row.after))
    return Noted(
        row.id, row.at, name or "", row.origin, row.clause_id, before, after, there is None
    )
