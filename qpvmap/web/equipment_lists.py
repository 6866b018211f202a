"""A town's own list of equipment: sent, shown as it is read, looked for by a job, reported."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.equipment_lists import (
    LEFT_OUT,
    ROLES,
    UNDER_WAY,
    ListFate,
    ListState,
    Outcome,
    choices_of,
    outcome_of,
)
from qpvmap.core.errors import CannotChange
from qpvmap.core.french import local_date, plural
from qpvmap.core.permissions import Action
from qpvmap.core.workbooks import MOST_BYTES
from qpvmap.importers.cleaning import slug
from qpvmap.importers.place_lists import (
    name_of_list,
    read_sheets,
    recognised,
    source_name,
    told_of,
)
from qpvmap.importers.report import FileRefused
from qpvmap.storage.desk import commune_names
from qpvmap.storage.equipment_lists import lists_of
from qpvmap.storage.models import EquipmentList
from qpvmap.usecases.equipment_lists import (
    SentFile,
    choose,
    drop_list,
    go_on,
    is_stalled,
    keep_list,
    list_shown,
    remove_gone,
    start_list,
)
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.downloads import workbook_file
from qpvmap.web.equipment_list_view import (
    FATE_WORDS,
    FAULTS_SHOWN,
    SHOWN,
    category_choices,
    choices_sent,
    hours_shown,
    model_table,
    report_table,
    shown_list,
)
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, current_actor, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work

bp = Blueprint("equipment_lists", __name__, url_prefix="/equipements/listes")

KEEP = access(Action.EDIT_EQUIPMENT)
FORM_BYTES = MOST_BYTES + 1024 * 1024
CHOOSE = "Choisissez d’abord un fichier, XLSX, ODS ou CSV."
LOOK_AGAIN = "Voici la liste relue avec vos nouveaux choix. Vérifiez, puis enregistrez."
NEW_LIST = "C’est une nouvelle liste"
LIST = "/<uuid:list_key>"
SLOW_AFTER_S = 15
"""Seconds without a word from the address search after which it is said to be slow."""


@bp.get("")
@KEEP
def index() -> str:
    """Show where to send a list, and those that were sent."""
    return asked({})


def asked(errors: Mapping[str, str]) -> str:
    """Return that page, with what was wrong with the file sent."""
    lists = lists_of(request_session(), served_territory().id)
    return render_template(
        "equipements/lists.html", errors=errors, lists=lists, states=STATE_WORDS, roles=ROLES
    )


STATE_WORDS: Mapping[ListState, str] = {
    ListState.READ: "à vérifier",
    ListState.WAITING: "en cours",
    ListState.SEARCHING: "en cours",
    ListState.PAUSED: "arrêtée",
    ListState.DONE: "enregistrée",
}


@bp.get("/modele.xlsx")
@KEEP
def model() -> Response:
    """Return an empty list to fill."""
    return workbook_file([model_table()], "modele-equipements")


@bp.post("")
@KEEP
@takes_up_to(FORM_BYTES)
def send() -> ResponseReturnValue:
    """Read the file sent, keep it, and show what it says."""
    file = request.files.get("fichier")
    if file is None or not file.filename:
        return asked({"fichier": CHOOSE}), 422
    actor, now = current_actor(), request_now()
    close_session()  # reading may take some seconds
    content = file.read()
    try:
        sheets = read_sheets(file.filename, content)
    except FileRefused as error:
        return asked({"fichier": str(error)}), 422
    name, year = name_of_list(file.filename)
    choices = replace(recognised(sheets), name=name[:80], vintage=year or local_date(now).year)
    sent = SentFile(file.filename, sha256(content).hexdigest(), told_of(sheets))
    with unit_of_work() as session:
        key = keep_list(session, actor, served_territory().id, sent, choices, now)
    return redirect(url_for("equipment_lists.show", list_key=key), 303)


@bp.get(LIST)
@KEEP
def show(list_key: UUID) -> str:
    """Show a list: how it is read, how far it is, or its report."""
    session = request_session()
    row = list_shown(session, current_actor(), served_territory().id, list_key)
    if row.state == ListState.READ:
        return reading_page(row, {})
    if row.state == ListState.DONE:
        return report_page(row)
    return progress_page(row)


def reading_page(row: EquipmentList, errors: Mapping[str, str]) -> str:
    """Return how a list is read, and what may be corrected of it."""
    session, territory = request_session(), served_territory()
    communes = commune_names(session, [territory.id])
    shown = shown_list(row, communes)
    lists = lists_of(session, territory.id)
    names = sorted({one.name for one in lists if one.state is ListState.DONE})
    same = next((one for one in names if slug(one) == slug(shown.choices.name)), "")
    return render_template(
        "equipements/list_reading.html",
        row=row,
        shown=shown,
        read=shown.read,
        errors=errors,
        hours=hours_shown(shown.read, request_now()),
        roles=ROLES,
        names=names,
        list_options=[("", NEW_LIST), *((one, one) for one in names)],
        same=same,
        themes=map_words.THEMES,
        communes=communes,
        categories=category_choices(),
        left_out=LEFT_OUT,
        rows_shown=SHOWN,
        faults_shown=FAULTS_SHOWN,
    )


def progress_page(row: EquipmentList) -> str:
    """Return how far a list is, or what it waits for."""
    silent_s = (request_now() - row.advanced_at).total_seconds()
    return render_template(
        "equipements/list_progress.html",
        row=row,
        name=choices_of(row.choices).name,
        is_under_way=row.state in UNDER_WAY,
        is_stalled=is_stalled(row, request_now()),
        silent_s=round(silent_s),
        is_slow=silent_s > SLOW_AFTER_S,
    )


def report_page(row: EquipmentList) -> str:
    """Return what became of a list."""
    outcome = outcome_of(row.outcome) if row.outcome else Outcome()
    return render_template(
        "equipements/list_report.html",
        row=row,
        name=choices_of(row.choices).name,
        outcome=outcome,
        fates=[(fate, words, outcome.of(fate)) for fate, words in FATE_WORDS.items()],
        shown=FAULTS_SHOWN,
        review=ListFate.REVIEW,
    )


@bp.post(f"{LIST}/lecture")
@KEEP
def read_again(list_key: UUID) -> ResponseReturnValue:
    """Keep what is said of a list, and show it again or have it written."""
    session, territory, actor = request_session(), served_territory(), current_actor()
    row = list_shown(session, actor, territory.id, list_key)
    if row.state != ListState.READ:
        return redirect(url_for("equipment_lists.show", list_key=list_key), 303)
    before = choices_of(row.choices)
    chosen, faults = choices_sent(row, commune_names(session, [territory.id]))
    starts = "enregistrer" in request.form
    is_seen = replace(chosen, name="", vintage=0) == replace(before, name="", vintage=0)
    with unit_of_work():
        row = choose(session, actor, territory.id, list_key, chosen)
        if starts and is_seen and not faults:
            source = source_name(chosen.name, territory.code)
            start_list(session, actor, territory.id, list_key, source, request_now())
    if starts and faults:
        return reading_page(row, faults), 422
    if starts and not is_seen:
        flash(LOOK_AGAIN, "info")
    return redirect(url_for("equipment_lists.show", list_key=list_key), 303)


@bp.post(f"{LIST}/reprendre")
@KEEP
def resume(list_key: UUID) -> ResponseReturnValue:
    """Go on with a list that stopped."""
    return went_on(list_key, without_search=False)


@bp.post(f"{LIST}/terminer")
@KEEP
def finish(list_key: UUID) -> ResponseReturnValue:
    """Write a list without looking for the addresses that are left."""
    return went_on(list_key, without_search=True)


def went_on(key: UUID, *, without_search: bool) -> ResponseReturnValue:
    """Have a job go on with a list."""
    actor, territory_id, now = current_actor(), served_territory().id, request_now()
    try:
        with unit_of_work() as session:
            go_on(session, actor, territory_id, key, now, without_search=without_search)
    except CannotChange as error:
        flash(str(error), "warning")
    return redirect(url_for("equipment_lists.show", list_key=key), 303)


@bp.post(f"{LIST}/abandonner")
@KEEP
def drop(list_key: UUID) -> ResponseReturnValue:
    """Leave a list."""
    try:
        with unit_of_work() as session:
            drop_list(session, current_actor(), served_territory().id, list_key)
    except CannotChange as error:
        flash(str(error), "warning")
        return redirect(url_for("equipment_lists.show", list_key=list_key), 303)
    flash("Liste abandonnée\u00a0: rien n’en a été enregistré.", "success")
    return redirect(url_for("equipment_lists.index"), 303)


@bp.post(f"{LIST}/retirer")
@KEEP
def remove(list_key: UUID) -> ResponseReturnValue:
    """Take off the map what the file of a list has no more."""
    with unit_of_work() as session:
        now = request_now()
        count = remove_gone(session, current_actor(), served_territory().id, list_key, now)
    flash(f"{plural(count, 'lieu retiré', 'lieux retirés')} de la carte.", "success")
    return redirect(url_for("equipment_lists.show", list_key=list_key), 303)


@bp.get(f"{LIST}/rapport.xlsx")
@KEEP
def report(list_key: UUID) -> Response:
    """Return the report of a list as a workbook."""
    row = list_shown(request_session(), current_actor(), served_territory().id, list_key)
    outcome = outcome_of(row.outcome) if row.outcome else Outcome()
    name = slug(choices_of(row.choices).name) or "liste"
    response = workbook_file([report_table(outcome)], f"rapport-{name}")
    response.headers["Cache-Control"] = "private, no-store"
    return response
