"""Who changed which line of insertion, and the way back for one that was removed."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import CannotChange
from qpvmap.core.insertion import Clause
from qpvmap.core.permissions import Action
from qpvmap.importers.insertion import WORDS
from qpvmap.storage.desk import qpv_names
from qpvmap.storage.insertion import commune_names_of
from qpvmap.storage.insertion_journal import Noted, journal_of
from qpvmap.usecases.insertion import restore_clause
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.insertion_words import typed_clause
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("insertion_journal", __name__, url_prefix="/insertion/clauses/journal")

ORIGINS = {"form": "à la main", "import": "par un fichier", "restored": "rétablie"}


@bp.get("")
@access(Action.EDIT_INSERTION)
def index() -> str:
    """Return what was last changed, of all lines."""
    session, territory_id = request_session(), served_territory().id
    return render_template(
        "insertion/journal.html", **told(journal_of(session, current_actor(), territory_id))
    )


def told(journal: list[Noted]) -> Mapping[str, object]:
    """Return what a template says the journal with."""
    session, territory_id = request_session(), served_territory().id
    return {
        "journal": [(line, differences(line.before, line.after)) for line in journal],
        "origins": ORIGINS,
        "communes": commune_names_of(session, territory_id),
        "quarters": qpv_names(session, [territory_id]),
    }


def differences(before: Clause | None, after: Clause | None) -> list[tuple[str, str, str, str]]:
    """Return (role, label, before, after) of what differs, as one would type it."""
    was, now = (typed_clause(clause) if clause else {} for clause in (before, after))
    pairs = [(role, was.get(role, ""), now.get(role, "")) for role in WORDS]
    return [(role, WORDS[role], one, other) for role, one, other in pairs if one != other]


@bp.post("/<int(max=9223372036854775807):change_id>/retablir")
@access(Action.EDIT_INSERTION)
def restore(change_id: int) -> ResponseReturnValue:
    """Put back a line that was removed."""
    try:
        with unit_of_work() as session:
            clause = restore_clause(
                session, current_actor(), served_territory().id, change_id, request_now()
            )
    except CannotChange as error:
        flash(str(error), "error")
        return redirect(url_for(".index"), 303)
    flash(f"Ligne rétablie\u00a0: {clause.site}, {clause.year}.", "success")
    return redirect(url_for("insertion.index", _anchor="clauses"), 303)
