"""The doors of an action on many: choose, say what must be said, read what became of each.

All of it works by plain forms. A script asks for the same with `Accept: application/json`, and is
answered what changed instead of a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from qpvmap.core import errors
from qpvmap.core.actors import Actor
from qpvmap.core.bulk import MOST, NEEDS, BulkAction
from qpvmap.core.french import local_date
from qpvmap.core.permissions import Action
from qpvmap.core.undoing import UNDO_FOR, is_in_time
from qpvmap.storage.bulk import Sheet, run_by_id, sheets
from qpvmap.storage.desk import teams_by_id
from qpvmap.storage.fresh import standings
from qpvmap.storage.inbox_search import resolved
from qpvmap.storage.models import BulkRun
from qpvmap.storage.people import members_of
from qpvmap.usecases.bulk import Item, advance, check_items, decoded, encoded, open_run
from qpvmap.usecases.bulk_undo import can_be_taken_back, take_back_run
from qpvmap.usecases.rounds import NewRound
from qpvmap.web.bulk_bar import bulk_href
from qpvmap.web.bulk_choice import Choice, read_choice, read_typed
from qpvmap.web.bulk_files import MADE, chosen_made
from qpvmap.web.bulk_replies import FORM, put_in, shelves
from qpvmap.web.bulk_words import ROUND, WORDS, said, said_back
from qpvmap.web.filters import request_now
from qpvmap.web.fresh import cells
from qpvmap.web.inbox import sees_every_team
from qpvmap.web.inbox_address import inbox_url, params, read_filters
from qpvmap.web.rounds import prepared
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_replies import Shelf
from qpvmap.web.signalement_words import OUTCOME_CHOICES

bp = Blueprint("bulk", __name__)

CHOOSE_ACTION = "Dites quoi faire des signalements cochés\u00a0: pressez un des boutons."


@bp.post("/corbeille/lot")
@access(Action.VIEW_INBOX)
def act() -> ResponseReturnValue:
    """Do what was asked of the chosen ones, or ask first for what must be typed with it."""
    actor, now = current_actor(), request_now()
    choice = read_choice(request_session(), actor, request.form, read_filters(request.args), now)
    name = request.form.get("action", "")
    try:
        check_items(choice.items)
        if not name:  # Enter in a box
            raise errors.InvalidSubmission({"choix": CHOOSE_ACTION})
        if name in MADE:
            return chosen_made(name, actor, choice.references, now)
        if name == ROUND:
            return round_through(actor, choice)
        action = known_action(name)
        if is_to_be_asked(action):
            return asked(actor, action, choice)
        return carried_out(actor, action, choice)
    except errors.InvalidSubmission as refused:
        return sent_back(actor, name, choice, refused)


def round_through(actor: Actor, choice: Choice) -> ResponseReturnValue:
    """Make a round through the chosen ones and lead to it."""
    try:
        return prepared(actor, NewRound(choice.references))
    except errors.InvalidSubmission as refused:
        raise errors.InvalidSubmission({"choix": str(refused)}) from None


def known_action(name: str) -> BulkAction:
    """Return the action of this name, or answer 404."""
    try:
        return BulkAction(name)
    except ValueError:
        abort(404)


def is_to_be_asked(action: BulkAction) -> bool:
    """Return whether a page comes first: to type something, or to be sure of taking them all."""
    unsaid = bool(NEEDS[action]) or request.form.get("tous") == "1"
    said = request.form.get("confirme") == "1" and "reponse" not in request.form
    return unsaid and not said


def kept() -> dict[str, str]:
    """Return the filters of the list, as parameters."""
    return params(read_filters(request.args))


def asked(
    actor: Actor,
    action: BulkAction,
    choice: Choice,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Return the form of an action, with what was typed, and what is wrong with it."""
    session = request_session()
    chosen = sheets(session, actor, choice.references)
    ready = shelves(session, actor, action, chosen) if WORDS[action].comment and chosen else {}
    teams = teams_by_id(session, actor.territory_ids)
    mine = teams if sees_every_team(actor) else actor.team_ids
    page = render_template(
        "inbox/bulk_ask.html",
        action=action,
        words=WORDS[action],
        needs=NEEDS[action],
        choice=choice,
        only=chosen[0] if len(choice.items) == len(chosen) == 1 else None,
        ready={"ready": ready},
        most=MOST,
        lot=str(uuid4()),
        typed={**request.form, **answered(ready)},
        faults=faults or {},
        today=local_date(request_now()).isoformat(),
        outcomes=list(OUTCOME_CHOICES.items()),
        teams=[(team.code, f"{team.organisation}\u00a0: {team.name}") for team in teams.values()],
        people=members_of(session, mine) if action is BulkAction.ASSIGN else {},
        here=bulk_href(kept()),
        back_href=inbox_url(read_filters(request.args)),
    )
    return page, status


def answered(ready: Mapping[str, Shelf]) -> dict[str, str]:
    """Return what a ready-made answer puts in the form, if the reader asks for one."""
    reply_id = request.form.get("reponse", type=int)
    if reply_id is None or FORM not in ready:
        return {}
    return put_in(ready[FORM], reply_id, read_typed(request.form))


def sent_back(
    actor: Actor, name: str, choice: Choice, refused: errors.InvalidSubmission
) -> ResponseReturnValue:
    """Return what was typed with what is wrong, or to the list when nothing was chosen."""
    if "choix" not in refused.fields:
        return asked(actor, known_action(name), choice, refused.fields, 422)
    if wants_json():
        return jsonify(error=str(refused)), 422
    flash(str(refused), "warning")
    return redirect(inbox_url(read_filters(request.args)), 303)


def wants_json() -> bool:
    """Return whether a script asks."""
    return request.accept_mimetypes.best == "application/json"


def carried_out(actor: Actor, action: BulkAction, choice: Choice) -> ResponseReturnValue:
    """Do it to each, some tens in a transaction, and answer what became of them."""
    typed, now = read_typed(request.form), request_now()
    run_id = read_key(request.form.get("lot", ""))
    with unit_of_work() as session:
        open_run(session, actor, run_id, action, choice.items, typed, now)
    return finished(actor, run_id)


def finished(actor: Actor, run_id: UUID) -> ResponseReturnValue:
    """Do what is left of a run, then show it."""
    left = 1
    while left:
        with unit_of_work() as session:
            left = advance(session, actor, run_id, request_now())
    if wants_json():
        return told(actor, run_of(actor, run_id))
    return redirect(bulk_href(kept(), "bulk.show", run_id=run_id), 303)


def read_key(text: str) -> UUID:
    """Return the key of the run that was sent, or a new one."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def run_of(actor: Actor, run_id: UUID) -> BulkRun:
    """Return a run of the actor.

    Raises
    ------
    NotFound
        If they asked for no such one.
    """
    run = run_by_id(request_session(), run_id)
    if run is None or run.account_id != actor.account_id:
        raise errors.NotFound("Action", str(run_id))
    return run


@dataclass(frozen=True, slots=True)
class Refused:
    """One that could not be done, why, and how it stands now if the actor handles it."""

    reference: str
    reason: str
    sheet: Sheet | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a run."""

    said: str
    done: tuple[str, ...]
    refused: tuple[Refused, ...]
    left: int

    @property
    def retriable(self) -> tuple[Item, ...]:
        """Those that the actor handles, as they stand now."""
        return tuple(Item(one.reference, one.sheet.version) for one in self.refused if one.sheet)


def result_of(actor: Actor, run: BulkRun) -> Result:
    """Return what became of a run: one statement, whatever its size."""
    done = tuple(item["reference"] for item in run.items if item["done"])
    missed = [item for item in run.items if item["done"] is False]
    left = sum(item["done"] is None for item in run.items)
    references = [item["reference"] for item in missed]
    found = {s.reference: s for s in sheets(request_session(), actor, references)}
    return Result(
        said=said(BulkAction(run.action), len(done), len(missed)),
        done=done,
        refused=tuple(
            Refused(item["reference"], item["reason"], found.get(item["reference"]))
            for item in missed
        ),
        left=left,
    )


@bp.get("/corbeille/lot/<uuid:run_id>")
@access(Action.VIEW_INBOX)
def show(run_id: UUID) -> str:
    """Show what became of each, why some could not be done, and how to try these again."""
    actor = current_actor()
    run = run_of(actor, run_id)
    return render_template("inbox/bulk_run.html", **page_of(actor, run))


def page_of(actor: Actor, run: BulkRun) -> dict[str, Any]:
    """Return what the page of a run shows; what was typed goes with the next try."""
    action = BulkAction(run.action)
    typed = {name: value for name, value in encoded(decoded(run.typed)).items() if value}
    return {
        "run": run,
        "action": action,
        "words": WORDS[action],
        "result": result_of(actor, run),
        "typed": typed,
        "lot": str(uuid4()),
        "undo": undo_of(run),
        "back": back_of(run),
        "kept": kept(),
        "here": bulk_href(kept()),
        "rest_href": bulk_href(kept(), "bulk.go_on", run_id=run.id),
        "back_href": inbox_url(read_filters(request.args)),
    }


@bp.post("/corbeille/lot/<uuid:run_id>/annuler")
@access(Action.VIEW_INBOX)
def take_back(run_id: UUID) -> ResponseReturnValue:
    """Take back what a run did, as long as nobody was told."""
    actor, left = current_actor(), 1
    while left:
        with unit_of_work() as session:
            left = take_back_run(session, actor, run_id, request_now())
    if wants_json():
        return told_back(actor, run_of(actor, run_id))
    return redirect(bulk_href(kept(), "bulk.show", run_id=run_id), 303)


@bp.post("/corbeille/lot/<uuid:run_id>/suite")
@access(Action.VIEW_INBOX)
def go_on(run_id: UUID) -> ResponseReturnValue:
    """Do what a run that was cut short had left."""
    return finished(current_actor(), run_id)


def told(actor: Actor, run: BulkRun) -> ResponseReturnValue:
    """Return what became of a run to the script of the list, which redraws its rows."""
    session, now = request_session(), request_now()
    result = result_of(actor, run)
    filters = resolved(session, actor, read_filters(request.args))
    rows = standings(session, actor, result.done, filters, now)
    return jsonify(
        said=result.said,
        href=bulk_href(kept(), "bulk.show", run_id=run.id),
        undo=undo_of(run),
        done=list(result.done),
        rows={row.reference: cells(row) for row in rows},
        refused=[
            {"reference": one.reference, "reason": one.reason, "known": one.sheet is not None}
            for one in result.refused
        ],
    )


def undo_of(run: BulkRun) -> dict[str, Any] | None:
    """Return what takes a run back, while that can be; None otherwise."""
    now = request_now()
    if not is_in_time(run.at, now) or not can_be_taken_back(request_session(), run):
        return None
    left = UNDO_FOR - (now - run.at)
    href = bulk_href(kept(), "bulk.take_back", run_id=run.id)
    return {"href": href, "seconds": max(int(left.total_seconds()), 1)}


@dataclass(frozen=True, slots=True)
class Back:
    """What became of taking a run back."""

    said: str
    undone: tuple[str, ...]
    stays: tuple[Refused, ...]


def back_of(run: BulkRun) -> Back:
    """Return what became of taking a run back; nothing when nobody tried."""
    undone = tuple(item["reference"] for item in run.items if item.get("undone"))
    stays = tuple(
        Refused(item["reference"], item["stays"], None)
        for item in run.items
        if item.get("undone") is False
    )
    return Back(said_back(len(undone), len(stays)), undone, stays)


def told_back(actor: Actor, run: BulkRun) -> ResponseReturnValue:
    """Return what was taken back to the script of the list, which redraws its rows."""
    session, now, back = request_session(), request_now(), back_of(run)
    filters = resolved(session, actor, read_filters(request.args))
    rows = standings(session, actor, back.undone, filters, now)
    return jsonify(
        said=back.said,
        href=bulk_href(kept(), "bulk.show", run_id=run.id),
        done=list(back.undone),
        rows={row.reference: cells(row) for row in rows},
        refused=[
            {"reference": one.reference, "reason": one.reason, "known": True} for one in back.stays
        ],
    )
