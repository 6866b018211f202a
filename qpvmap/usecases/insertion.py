"""Keep insertion clauses and job offers: planners write, everybody reads the totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.insertion import Changes, Clause, Offer, changes_of, clause_faults, mark_of
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.imports import Counts, bump_data_version
from qpvmap.storage.insertion import (
    clause_at,
    clauses_of,
    has_clause,
    locked_clause,
    replace_offers,
    write_clauses,
)
from qpvmap.storage.models import InsertionClause

THERE = "Ce chantier a déjà une ligne pour {year} dans cette commune : modifiez-la."
CHANGED = (
    "Une autre personne vient de modifier cette ligne. Ce que vous avez saisi est gardé : "
    "relisez, puis enregistrez de nouveau."
)


def preview_clauses(
    session: Session, actor: Actor, territory_id: int, clauses: Sequence[Clause]
) -> Changes:
    """Return what writing these clauses would change; nothing is written.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    known = {clause.key: clause for clause in clauses_of(session, territory_id)}
    return changes_of(clauses, known)


def import_clauses(
    session: Session, actor: Actor, territory_id: int, clauses: Sequence[Clause], now: datetime
) -> Changes:
    """Write clauses; return what that changed. Twice changes nothing.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    """
    changes = preview_clauses(session, actor, territory_id, clauses)
    if changes.writes:
        write_clauses(
            session, territory_id, [change.clause for change in (*changes.new, *changes.changed)]
        )
        bump_data_version(session, "insertion", now)
    return changes


def add_clause(
    session: Session, actor: Actor, territory_id: int, clause: Clause, now: datetime
) -> None:
    """Add one clause.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    InvalidSubmission
        If its counts make no sense, or this site has a line for that year already.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    _check(session, territory_id, clause, None)
    write_clauses(session, territory_id, [clause])
    bump_data_version(session, "insertion", now)


@dataclass(frozen=True, slots=True)
class ReadClause:
    """A clause that somebody had read: its number, and the mark of what it then said."""

    id: int
    mark: str


def edit_clause(
    session: Session,
    actor: Actor,
    territory_id: int,
    read: ReadClause,
    clause: Clause,
    now: datetime,
) -> bool:
    """Write a clause as somebody wants it; return whether anything changed.

    A count that is emptied is not known any more: unlike a file, a form shows all of them.

    Raises
    ------
    NotAllowed, InvalidSubmission
        As `add_clause` does.
    NotFound
        If there is no such clause.
    CannotChange
        If somebody changed it since it was read: nothing is written.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    row = _held(session, territory_id, read)
    _check(session, territory_id, clause, read.id)
    if clause_at(session, territory_id, read.id) == clause:
        return False
    for name, value in clause.values().items():
        setattr(row, name, value)
    bump_data_version(session, "insertion", now)
    session.flush()
    return True


def remove_clause(
    session: Session, actor: Actor, territory_id: int, read: ReadClause, now: datetime
) -> None:
    """Remove a clause.

    Raises
    ------
    NotAllowed, NotFound, CannotChange
        As `edit_clause` does.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    session.delete(_held(session, territory_id, read))
    bump_data_version(session, "insertion", now)
    session.flush()


def _held(session: Session, territory_id: int, read: ReadClause) -> InsertionClause:
    row = locked_clause(session, territory_id, read.id)
    now = clause_at(session, territory_id, read.id)
    if row is None or now is None:
        raise NotFound("Ligne d’insertion", str(read.id))
    if mark_of(now) != read.mark:
        raise CannotChange(CHANGED)
    return row


def _check(session: Session, territory_id: int, clause: Clause, but: int | None) -> None:
    faults = clause_faults(clause)
    if has_clause(session, territory_id, clause, but):
        faults["site"] = THERE.format(year=clause.year)
    if faults:
        raise InvalidSubmission(faults)


def import_offers(
    session: Session, actor: Actor, territory_id: int, offers: Sequence[Offer], now: datetime
) -> Counts:
    """Make the offers shown those of a file: what it no longer has is gone.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    done = replace_offers(session, territory_id, offers)
    bump_data_version(session, "insertion", now)
    return done
