"""Add an operation to the plan, or correct one: one form, which gives back all that was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.money import typed
from qpvmap.core.operation_merge import TIED, with_both_rows
from qpvmap.core.operation_reading import (
    LINE_READERS,
    READERS,
    STEP_READERS,
    Known,
    is_blank,
    read_line,
    read_operation,
    read_rows,
    read_step,
    with_rows,
)
from qpvmap.core.operations import (
    EQUIPMENT_LABELS,
    FIELDS,
    NATURE_LABELS,
    QUALITY_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    Draft,
    PlannedOperation,
    changed_fields,
    typed_values,
)
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_files import Change, journal_of
from qpvmap.storage.operation_imports import changes_since
from qpvmap.storage.operation_writing import known_words, near_equipment
from qpvmap.storage.operations import visible_plan
from qpvmap.usecases.operations import Wanted, add_operation, edit_operation, remove_operation
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("operation_forms", __name__)

SPARE_ROWS, MORE_ROWS = 2, 5
CHANGED_MEANWHILE = (
    "Une autre personne vient de modifier cette opération. "
    "Relisez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé, "
    "ce que vous n’aviez pas touché est repris du plan."
)
LISTS = ("communes", "natures")
TYPED_OF: Mapping[str, str] = {"lon": "place", "lat": "place", "lead": "communes"}
"""Fields of the form that are a part of one of the operation's."""
Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Editing:
    """What the form shows: values, rows of money and of dated states, what was refused of them."""

    values: Mapping[str, str]
    lines: Rows
    steps: Rows
    code: str = ""
    version: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    since: Sequence[Change] = ()

    @property
    def is_new(self) -> bool:
        """Whether the operation is not in the plan yet."""
        return self.version is None

    def has(self, name: str, value: str) -> bool:
        """Return whether a list holds a value."""
        return value in self.values.get(name, "").split(";")


@bp.get("/operations/nouvelle")
@access(Action.EDIT_OPERATION)
def new() -> str:
    """Show an empty form."""
    values = {**typed_values(Draft()), "communes": request.args.get("commune", ""), "lead": ""}
    return form(Editing(values, [], []))


@bp.post("/operations/nouvelle")
@access(Action.EDIT_OPERATION)
def add() -> ResponseReturnValue:
    """Add the operation that the form describes."""
    return saved(None)


@bp.get("/operations/<code>/modifier")
@access(Action.EDIT_OPERATION)
def edit(code: str) -> str:
    """Show an operation, to correct it."""
    operation = found(code)
    content = operation.content
    return form(
        Editing(
            {**typed_values(content), "lead": content.communes[0]},
            typed_lines(content),
            typed_steps(content),
            code,
            operation.version,
        )
    )


@bp.post("/operations/<code>/modifier")
@access(Action.EDIT_OPERATION)
def change(code: str) -> ResponseReturnValue:
    """Write an operation as the form describes it."""
    return saved(code)


@bp.post("/operations/<code>/retirer")
@access(Action.EDIT_OPERATION)
def remove(code: str) -> ResponseReturnValue:
    """Take an operation off the plan."""
    version = request.form.get("version", "")
    read = int(version) if version.isascii() and version.isdigit() else 0
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            remove_operation(session, current_actor(), territory, code, read, request_now())
    except StaleVersion:
        flash(CHANGED_MEANWHILE, "error")
        return redirect(url_for("operation_forms.edit", code=code), 303)
    flash(f"Opération {code} retirée du plan. Elle peut être rétablie ici.", "success")
    return redirect(url_for("operation_removed.index"), 303)


def found(code: str) -> PlannedOperation:
    """Return an operation of the plan.

    Raises
    ------
    NotFound
        If there is none of this code.
    """
    plan = visible_plan(request_session(), current_actor(), served_territory().id, code)
    if not plan:
        raise NotFound("Opération", code)
    return plan[0]


def saved(code: str | None) -> ResponseReturnValue:
    """Write what the form describes, or show it again with what is wrong."""
    sent = read_form(code, request.form)
    if "plus" in request.form:
        rows: Rows = [{} for _ in range(MORE_ROWS)]
        return form(
            Editing(sent.values, sent.lines + rows, sent.steps + rows, sent.code, sent.version)
        )
    before = found(code).content if code else Draft()
    try:
        with unit_of_work() as session:
            draft = read_draft(session, sent, before)
            written = written_code(session, sent, draft)
    except InvalidSubmission as error:
        return again(sent, error.fields), 422
    except OutsideTerritory as error:
        return again(sent, {"lat": str(error)}), 422
    except StaleVersion as stale:
        errors = {"title": CHANGED_MEANWHILE}
        return again(caught_up(sent), errors, stale.current), 409
    flash("Opération enregistrée." if code else "Opération ajoutée au plan.", "success")
    return redirect(url_for("operations.show", code=written), 303)


def caught_up(sent: Editing) -> Editing:
    """Return the form with what others wrote in the fields that its author had left alone.

    Else the second to save would put back what the first had just changed. Funding lines and dated
    states of both are there; one that both changed is as its author typed it.
    """
    session, territory_id = request_session(), served_territory().id
    read = {sent.code: sent.version or 0}
    since = changes_since(session, territory_id, read).get(sent.code)
    if since is None or since.before is None:
        return sent
    now = found(sent.code).content
    own = read_draft(session, sent, now)
    mine = set(changed_fields(since.before, own))
    both = with_both_rows(since.before, own, now)
    for tied in TIED.values():
        mine |= set(tied) if mine & set(tied) else set()
    theirs = {**typed_values(now), "lead": now.communes[0]}
    kept = mine | {field for field, owner in TYPED_OF.items() if owner in mine}
    return replace(
        sent,
        values={n: v if n in kept else theirs.get(n, v) for n, v in sent.values.items()},
        lines=sent.lines if "lines" in mine and both.lines == own.lines else typed_lines(both),
        steps=sent.steps if "steps" in mine and both.steps == own.steps else typed_steps(both),
    )


def written_code(session: Session, sent: Editing, draft: Draft) -> str:
    """Write the operation, and return its code."""
    territory = session.get_one(Territory, served_territory().id)
    wanted = Wanted(sent.code, draft, sent.version)
    if sent.is_new:
        return add_operation(session, current_actor(), territory, wanted, request_now()).code
    edit_operation(session, current_actor(), territory, wanted, request_now())
    return sent.code


def read_form(code: str | None, sent: MultiDict[str, str]) -> Editing:
    """Return what was typed, as it was."""
    values = {name: sent.get(name, "") for name in READERS}
    values |= {name: ";".join(sent.getlist(name)) for name in LISTS}
    values["lead"] = sent.get("lead", "")
    version = sent.get("version", "")
    return Editing(
        values,
        typed_rows(sent, "line", LINE_READERS),
        typed_rows(sent, "step", STEP_READERS),
        code or sent.get("code", "").strip().upper(),
        (int(version) if version.isascii() and version.isdigit() else 0) if code else None,
    )


def typed_rows(sent: MultiDict[str, str], prefix: str, names: Mapping[str, object]) -> Rows:
    """Return the rows of a form whose fields repeat: `line-funder`, `line-year`."""
    columns = {name: sent.getlist(f"{prefix}-{name}") for name in names}
    length = max(map(len, columns.values()), default=0)
    return [
        {name: values[n] if n < len(values) else "" for name, values in columns.items()}
        for n in range(length)
    ]


def read_draft(session: Session, sent: Editing, before: Draft) -> Draft:
    """Return the operation that was typed.

    Raises
    ------
    InvalidSubmission
        With a French message for each field at fault.
    """
    known = known_words(session, served_territory().id)
    reading = read_operation(sent.values, before, known)
    draft = replace(reading.draft, communes=led(reading.draft.communes, sent.values["lead"]))
    lines, wrong_lines = read_rows(sent.lines, read_line, known)
    steps, wrong_steps = read_rows(sent.steps, read_step, known)
    faults = {
        **reading.faults,
        **{f"line-{name}": words for name, words in wrong_lines.items()},
        **{f"step-{name}": words for name, words in wrong_steps.items()},
    }
    if faults:
        raise InvalidSubmission(faults)
    return with_rows(draft, lines, steps)


def led(communes: Sequence[str], lead: str) -> tuple[str, ...]:
    """Return communes with the one that the operation is listed under first, if it is one."""
    return tuple(sorted(communes, key=lambda code: code != lead))


def again(sent: Editing, errors: Mapping[str, str], version: int | None = None) -> str:
    """Return the form as it was sent, with what is wrong, and what others wrote meanwhile."""
    since: Sequence[Change] = ()
    if version is not None:
        journal = journal_of(request_session(), current_actor(), served_territory().id, sent.code)
        since = [change for change in journal if change.version > (sent.version or 0)]
    now = version if version is not None else sent.version
    return form(Editing(sent.values, sent.lines, sent.steps, sent.code, now, errors, since))


def form(editing: Editing) -> str:
    """Return the page of the form."""
    session, territory_id = request_session(), served_territory().id
    known: Known = known_words(session, territory_id)
    return render_template(
        "operations/edit.html",
        editing=editing,
        lines=[*without_blanks(editing.lines), *({} for _ in range(SPARE_ROWS))],
        steps=[*without_blanks(editing.steps), *({} for _ in range(SPARE_ROWS))],
        communes=known.communes,
        bodies=list(known.bodies.values()),
        funders=list(known.funders.values()),
        equipment=near_equipment(session, territory_id, editing.code),
        labels=FIELDS,
        themes=THEME_LABELS,
        natures=NATURE_LABELS,
        statuses=STATUS_LABELS,
        qualities=QUALITY_LABELS,
        equipment_states=EQUIPMENT_LABELS,
    )


def without_blanks(rows: Rows) -> Rows:
    """Return rows without the blank ones at their end: their faults are known by their place."""
    kept = list(rows)
    while kept and kept[-1] and is_blank(kept[-1]):
        kept.pop()
    return kept


def typed_lines(content: Draft) -> Rows:
    """Return the money of an operation as one would type it."""
    return [
        {
            "funder": line.funder,
            "year": str(line.year or ""),
            "asked": typed(line.asked),
            "agreed": typed(line.agreed),
            "paid": typed(line.paid),
            "note": line.note,
        }
        for line in content.lines
    ]


def typed_steps(content: Draft) -> Rows:
    """Return the dated states of an operation as one would type them."""
    return [
        {"status": step.status, "at": str(step.at or ""), "note": step.note}
        for step in content.steps
    ]
