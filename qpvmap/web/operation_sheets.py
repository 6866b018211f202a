"""The plan as a workbook: taken out, sent back, read as what it would change, then applied."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import CannotChange, InvalidSubmission
from qpvmap.core.french import local_date, plural
from qpvmap.core.operation_merge import field_of
from qpvmap.core.operation_rows import ROW_KEYS
from qpvmap.core.operation_sheets import (
    FUNDING,
    OPERATION_COLUMNS,
    PLAN,
    SHEETS,
    STEPS,
    WORDS,
    Heading,
    funding_rows,
    operation_row,
    step_rows,
    word_rows,
)
from qpvmap.core.operations import FIELDS
from qpvmap.core.permissions import Action
from qpvmap.core.workbooks import MOST_BYTES, UnreadableWorkbook
from qpvmap.outputs.spreadsheet import Cell, Column, Kind, Table
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_writing import known_words
from qpvmap.usecases.operation_fates import Fate
from qpvmap.usecases.operation_import import Looked, apply_import, keep_workbook, preview
from qpvmap.web.context import served_territory
from qpvmap.web.downloads import workbook_file
from qpvmap.web.filters import request_now
from qpvmap.web.operation_frame import frame
from qpvmap.web.security import access, current_actor, public, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.workbooks import read_workbook

bp = Blueprint("operation_sheets", __name__)

FORM_BYTES = MOST_BYTES + 1024 * 1024
EUROS = frozenset({"cost", "asked", "agreed", "paid"})
NUMBERS = frozenset({"version", "year", "lat", "lon"})
PLANNERS_ONLY = frozenset({"note", "asked"})
"""What only planners read: the columns are not in a workbook for others."""
CHOICE, FILE = "choix-", "classeur"
NO_SENSE = "Rien n’est encore écrit\u00a0: deux choix se contredisent, plus bas."
FATE_WORDS: Mapping[Fate, str] = {
    Fate.CREATED: "À créer",
    Fate.CHANGED: "À modifier",
    Fate.CONFLICT: "À départager",
    Fate.REFUSED: "Refusées",
    Fate.UNCHANGED: "Sans changement",
}


def kind_of(heading: Heading) -> Kind:
    """Return what a column holds."""
    if heading.field in EUROS:
        return Kind.EUROS
    is_number = heading.field in NUMBERS or heading.name.startswith("Distance")
    return Kind.PLAIN if is_number else Kind.TEXT


@bp.get('/operations/plan.<any("xlsx", "ods"):way>')
@public
def export(way: str) -> Response:
    """Return what is wanted of the plan as a workbook; money and states on sheets of their own."""
    found = frame()
    known = known_words(request_session(), served_territory().id)
    close_session()
    parts = {
        PLAN: [operation_row(item) for item in found.rows],
        FUNDING: [row for item in found.rows for row in funding_rows(item)],
        STEPS: [row for item in found.rows for row in step_rows(item)],
    }
    sheets = [sheet(name, rows, whole=found.may_edit) for name, rows in parts.items()]
    if found.may_edit:
        words = word_rows(list(known.funders.values()), list(known.communes.values()))
        sheets.append(Table(WORDS, [Column("Quoi", 24), Column("Comment", 100, Kind.TEXT)], words))
    slug = re.sub(r"[^a-z0-9-]", "", served_territory().code)
    response = workbook_file(sheets, f"plan-{slug}-{local_date(request_now()):%Y-%m-%d}", way)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def sheet(name: str, rows: Sequence[Sequence[Cell]], *, whole: bool) -> Table:
    """Return a sheet of the workbook, without the columns that its reader may not have."""
    headings = SHEETS[name]
    kept = [
        n
        for n, heading in enumerate(headings)
        if whole or not (heading.field in PLANNERS_ONLY and (name != STEPS))
    ]
    return Table(
        name,
        [Column(headings[n].name, headings[n].width, kind_of(headings[n])) for n in kept],
        [[row[n] for n in kept] for row in rows],
    )


@bp.get("/operations/classeur")
@access(Action.EDIT_OPERATION)
def ask() -> str:
    """Show where to take the plan out, and where to send it back."""
    return asked({})


def asked(errors: Mapping[str, str]) -> str:
    """Return that page, with what was wrong with the workbook sent."""
    names = [heading.name for heading in OPERATION_COLUMNS if not heading.computed]
    return render_template("operations/workbook.html", errors=errors, columns=names)


@bp.post("/operations/classeur")
@access(Action.EDIT_OPERATION)
@takes_up_to(FORM_BYTES)
def send() -> ResponseReturnValue:
    """Read the workbook sent, keep it, and show what it would change."""
    file = request.files.get("fichier")
    actor = current_actor()
    close_session()  # reading may take some seconds
    try:
        book = read_workbook(file.read() if file else b"")
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            name = (file.filename or "") if file else ""
            key = keep_workbook(session, actor, territory, name, book, request_now())
    except UnreadableWorkbook as error:
        return asked({"fichier": str(error)}), 422
    except InvalidSubmission as error:
        return asked(error.fields), 422
    return redirect(url_for("operation_sheets.review", import_key=key), 303)


@bp.get("/operations/classeur/<uuid:import_key>")
@access(Action.EDIT_OPERATION)
def review(import_key: UUID) -> str:
    """Show what a workbook would change."""
    return reviewed(import_key)


def reviewed(key: UUID, trouble: str = "", errors: Mapping[str, str] | None = None) -> str:
    """Return the preview of a workbook, with what kept it from being applied.

    `errors`: by code, why what was chosen makes no sense together. Choices that were sent stay.
    """
    session = request_session()
    territory = session.get_one(Territory, served_territory().id)
    shown = preview(session, current_actor(), territory, key)
    return render_template(
        "operations/import.html",
        preview=shown,
        fates=[(fate, words, shown.of(fate)) for fate, words in FATE_WORDS.items()],
        trouble=trouble,
        errors=errors or {},
        chosen=chosen_fields(request.form),
        labels=FIELDS,
        by_rows=ROW_KEYS,
    )


def chosen_fields(sent: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what is taken from the workbook, by code: `choix-SCX-04-cost`.

    A funding line or a dated state has its rank: `choix-SCX-04-lines.0`.
    """
    chosen: dict[str, set[str]] = {}
    for place, value in sent.items():
        code, _, name = place.removeprefix(CHOICE).rpartition("-")
        if place.startswith(CHOICE) and value == FILE and field_of(name) in FIELDS:
            chosen.setdefault(code, set()).add(name)
    return chosen


@bp.post("/operations/classeur/<uuid:import_key>")
@access(Action.EDIT_OPERATION)
def apply(import_key: UUID) -> ResponseReturnValue:
    """Write what the preview said."""
    looked = Looked(import_key, request.form.get("vu", ""), chosen_fields(request.form))
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            done = apply_import(session, current_actor(), territory, looked, request_now())
    except CannotChange as error:
        return reviewed(import_key, str(error)), 409
    except InvalidSubmission as error:
        return reviewed(import_key, NO_SENSE, error.fields), 422
    created = plural(len(done.created), "opération créée", "opérations créées")
    changed = plural(len(done.changed), "modifiée", "modifiées")
    flash(f"Classeur appliqué\u00a0: {created}, {changed}.", "success")
    return redirect(url_for("operations.index"), 303)
