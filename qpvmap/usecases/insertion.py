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
    clause_ids,
    clause_number,
    clauses_of,
    locked_clause,
    put_back,
    replace_offers,
    write_clauses,
)
from qpvmap.storage.insertion_journal import Written, note_changes, removal_of
from qpvmap.storage.models import InsertionClause

THERE = "Ce chantier a déjà une ligne pour {year} dans cette commune : modifiez-la."
BACK = "Cette ligne est déjà revenue, ou ce chantier en a une autre pour la même année."
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
        done = (*changes.new, *changes.changed)
        write_clauses(session, territory_id, [change.clause for change in done])
        ids = clause_ids(session, territory_id)
        written = [Written(ids[each.clause.key], each.before, each.clause) for each in done]
        note_changes(session, actor, territory_id, written, "import", now)
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
    added = Written(clause_number(session, territory_id, clause) or 0, None, clause)
    note_changes(session, actor, territory_id, [added], "form", now)
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
    before = clause_at(session, territory_id, read.id)
    if before == clause:
        return False
    for name, value in clause.values().items():
        setattr(row, name, value)
    written = [Written(read.id, before, clause)]
    note_changes(session, actor, territory_id, written, "form", now)
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
    row = _held(session, territory_id, read)
    removed = Written(read.id, clause_at(session, territory_id, read.id), None)
    session.delete(row)
    note_changes(session, actor, territory_id, [removed], "form", now)
    bump_data_version(session, "insertion", now)
    session.flush()


def restore_clause(
    session: Session, actor: Actor, territory_id: int, change_id: int, now: datetime
) -> Clause:
    """Put back the line whose removal the journal tells, as it was; return it.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    NotFound
        If the journal tells no such removal.
    CannotChange
        If the line is there again, or another of this site and year.
    """
    require(actor, Action.EDIT_INSERTION, Target(territory_id))
    told = removal_of(session, territory_id, change_id)
    if told is None:
        raise NotFound("Ligne retirée", str(change_id))
    if not put_back(session, territory_id, told.clause_id, told.clause):
        raise CannotChange(BACK)
    written = [Written(told.clause_id, None, told.clause)]
    note_changes(session, actor, territory_id, written, "restored", now)
    bump_data_version(session, "insertion", now)
    return told.clause


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
    if clause_number(session, territory_id, clause) not in (None, but):
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
