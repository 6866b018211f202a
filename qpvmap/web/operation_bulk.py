"""Correct several operations at once: chosen in the table, read as they would become, written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.french import plural
from qpvmap.core.operation_filters import chosen_operations, read_filter
from qpvmap.core.operation_reading import READERS, is_blank, read_values
from qpvmap.core.operations import (
    FIELDS,
    NATURE_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    PlannedOperation,
    changed_fields,
    shown,
)
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_writing import known_words
from qpvmap.storage.operations import visible_plan
from qpvmap.usecases.operations import Bulk, BulkResult, edit_many
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.operation_frame import local_address, today
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("operation_bulk", __name__)

CHANGEABLE = ("status", "theme", "natures", "owner", "starts", "ends")
NONE_CHOSEN = "Choisissez d’abord des opérations dans le tableau."
NOTHING = "Dites ce qui doit changer\u00a0: remplissez au moins un champ."
ERASABLE = ("owner", "starts", "ends", "natures")


@bp.post("/operations/lot")
@access(Action.EDIT_OPERATION)
def change() -> ResponseReturnValue:
    """Ask what to change, show what would, then write it: each step says so."""
    session, territory_id = request_session(), served_territory().id
    codes = chosen_codes(request.form.getlist("choix"))
    back = local_address(request.form.get("retour", ""), url_for("operation_views.table"))
    plan = visible_plan(session, current_actor(), territory_id)
    if "tout" in request.form:
        codes = listed_codes(plan, back)
    if not codes:
        flash(NONE_CHOSEN, "error")
        return redirect(back, 303)
    rows = [operation for operation in plan if operation.code in codes]
    if "etape" not in request.form:
        return asked(session, rows, codes, back, {})
    try:
        fields = read_fields(session)
    except InvalidSubmission as error:
        return asked(session, rows, codes, back, error.fields), 422
    if request.form["etape"] != "appliquer":
        return asked(session, rows, codes, back, {}, fields)
    with unit_of_work() as session:
        territory = session.get_one(Territory, territory_id)
        result = edit_many(session, current_actor(), territory, Bulk(codes, fields), request_now())
    say(result)
    return redirect(back, 303)


def chosen_codes(choices: Sequence[str]) -> dict[str, int]:
    """Return the versions that were read of the operations chosen, by code: `SCX-04:3`."""
    pairs = (choice.rpartition(":") for choice in choices)
    return {code: int(v) for code, _, v in pairs if code and v.isascii() and v.isdigit()}


def listed_codes(plan: Sequence[PlannedOperation], address: str) -> dict[str, int]:
    """Return the versions, by code, of what the page at `address` lists under its filters."""
    wanted = read_filter(parse_qs(urlsplit(address).query))
    return {row.code: row.version for row in chosen_operations(plan, wanted, today())}


def read_fields(session: Session) -> dict[str, object]:
    """Return the fields to write, with what each becomes.

    Raises
    ------
    InvalidSubmission
        With a French message for each that makes no sense, or when there is none.
    """
    typed = {name: ";".join(request.form.getlist(name)) for name in CHANGEABLE}
    given = {name: value for name, value in typed.items() if not is_blank({name: value})}
    for name in ERASABLE:
        if request.form.get(f"vider-{name}"):
            given[name] = ""
    known = known_words(session, served_territory().id)
    values, faults = read_values(given, {name: READERS[name] for name in CHANGEABLE}, known)
    if faults or not values:
        raise InvalidSubmission(faults or {"status": NOTHING})
    return values


def asked(
    session: Session,
    rows: Sequence[PlannedOperation],
    codes: Mapping[str, int],
    back: str,
    errors: Mapping[str, str],
    fields: Mapping[str, object] | None = None,
) -> str:
    """Return the page that asks what to change, or shows what would."""
    known = known_words(session, served_territory().id)
    return render_template(
        "operations/bulk.html",
        rows=rows,
        codes=codes,
        back=back,
        errors=errors,
        typed=request.form,
        changes=None if fields is None else [(row, becoming(row, fields)) for row in rows],
        bodies=list(known.bodies.values()),
        labels=FIELDS,
        statuses=STATUS_LABELS,
        themes=THEME_LABELS,
        natures=NATURE_LABELS,
        erasable=ERASABLE,
        changeable=CHANGEABLE,
    )


def becoming(row: PlannedOperation, fields: Mapping[str, object]) -> list[tuple[str, str, str]]:
    """Return what would change on an operation: the field, before and after, in words."""
    draft = replace(row.content, **fields)  # type: ignore[arg-type]  # as their readers gave them
    return [
        (FIELDS[name], row.shown(name), shown(draft, name, row.names))
        for name in changed_fields(row.content, draft)
    ]


def say(result: BulkResult) -> None:
    """Tell what was done, and why the rest was not."""
    done = plural(len(result.changed), "opération modifiée", "opérations modifiées")
    same = f", {len(result.unchanged)} déjà ainsi" if result.unchanged else ""
    flash(f"{done}{same}.", "success")
    for code, why in result.refused.items():
        flash(f"{code}\u00a0: {why}", "error")
