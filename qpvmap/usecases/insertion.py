"""Keep insertion clauses and job offers: planners write, everybody reads the totals."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.insertion import Changes, Clause, Offer, changes_of
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.imports import Counts, bump_data_version
from qpvmap.storage.insertion import clauses_of, replace_offers, write_clauses


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
