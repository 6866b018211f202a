"""`/tournees`: rounds of the reader's teams, and all that prepares one."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.french import local_date, plural
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action
from qpvmap.core.rounds import ROUND_LABELS, TITLE_MAX
from qpvmap.storage.rounds import Before, find_round, rounds_page
from qpvmap.usecases import rounds as usecases
from qpvmap.usecases.rounds import Added, Depot, Details, NewRound, left_out_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.operations import read_degrees
from qpvmap.web.positions import Choice, find_position
from qpvmap.web.round_view import round_page
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_forms import Refusal

bp = Blueprint("rounds", __name__, url_prefix="/tournees")

ROUND = "/<int(max=9223372036854775807):round_id>"
STOP = f"{ROUND}/arrets/<int(max=9223372036854775807):stop_id>"
LEAD = access(Action.LEAD_ROUND)
WAYS = {"monter": -1, "descendre": 1}
BAD_DAY = "Date illisible\u00a0: donnez le jour, le mois et l’année."
BAD_DEGREES = "Coordonnées illisibles\u00a0: 48,7841 et 2,3030 par exemple."
CHANGED_MEANWHILE = (
    "Une autre personne vient de modifier cette tournée. "
    "Vérifiez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé."
)


@bp.get("")
@LEAD
def index() -> str:
    """Show the rounds, the latest day first."""
    return listed(None)


def listed(refusal: Refusal | None) -> str:
    """Return the list, with the form of a new round as it was refused, if it was."""
    try:
        before = Before.parse(request.args["avant"]) if request.args.get("avant") else None
    except ValueError:
        before = None
    found, after = rounds_page(request_session(), current_actor(), before)
    return render_template(
        "rounds/index.html",
        rounds=found,
        refusal=refusal,
        status_labels=ROUND_LABELS,
        today=local_date(request_now()).isoformat(),
        title_max=TITLE_MAX,
        is_first=before is None,
        older=url_for("rounds.index", avant=str(after)) if after else None,
    )


@bp.post("")
@LEAD
def create() -> ResponseReturnValue:
    """Prepare a round through the reports of the form, `reference` being repeated, and show it."""
    form = request.form
    references = [word for text in form.getlist("reference") for word in words_of(text)]
    try:
        asked = NewRound(references, read_day(form.get("day", "")), form.get("title", ""))
        return prepared(current_actor(), asked)
    except InvalidSubmission as error:
        typed = {**form.to_dict(), "reference": " ".join(references)}
        return listed(Refusal("nouvelle", error.fields, typed)), 422


def prepared(actor: Actor, asked: NewRound) -> ResponseReturnValue:
    """Make a round and lead to it, saying which reports cannot be on it.

    Raises
    ------
    InvalidSubmission
        If there are none, too many, or none that may be on a round.
    """
    with unit_of_work() as session:
        added = usecases.create_round(session, actor, asked, request_now())
        if asked.references and not added.added:
            raise InvalidSubmission({"reference": left_out_words(added.left_out)})
    say_left_out(added)
    return redirect(url_for("rounds.show", round_id=added.round.id), 303)


@bp.get(ROUND)
@LEAD
def show(round_id: int) -> str:
    """Show a round: the stop to see to now, the others, the map."""
    return rendered(round_id)


def rendered(
    round_id: int,
    refusal: Refusal | None = None,
    *,
    open_stop: int | None = None,
    **more: Any,
) -> str:
    """Return the page of a round, with what was just refused if anything was.

    Raises
    ------
    NotFound
        If there is no such round, or the reader may not lead it.
    """
    found = find_round(request_session(), current_actor(), round_id)
    if found is None:
        raise NotFound("Tournée", str(round_id))
    page = round_page(found, open_stop or request.args.get("arret", type=int))
    return render_template("rounds/show.html", **{**page, "refusal": refusal, "missed": [], **more})


@bp.post(ROUND)
@LEAD
def edit(round_id: int) -> ResponseReturnValue:
    """Change the title, the day and who walks."""
    try:
        with unit_of_work() as session:
            details = read_details()
            usecases.edit_round(session, current_actor(), round_id, details, request_now())
    except InvalidSubmission as error:
        return refused(round_id, "details", error.fields), 422
    except StaleVersion:
        return refused(round_id, "details", {"title": CHANGED_MEANWHILE}), 409
    flash("Tournée enregistrée.", "success")
    return back(round_id)


@bp.post(f"{ROUND}/depart")
@LEAD
def set_depot(round_id: int) -> ResponseReturnValue:
    """Say where the round sets out from: an address, a known place, coordinates, a pin."""
    try:
        depot, choices = read_depot()
        if choices:
            error = {"lieu": "Plusieurs lieux portent ce nom. Choisissez le bon."}
            return refused(round_id, "depart", error, depot_choices=choices), 422
        with unit_of_work() as session:
            usecases.set_depot(session, current_actor(), round_id, depot, request_now())
    except InvalidSubmission as error:
        fields = {"lieu": " ".join(error.fields.values())}
        return refused(round_id, "depart", fields), 422
    except OutsideTerritory as error:
        return refused(round_id, "depart", {"lieu": str(error)}), 422
    flash("Départ enregistré. Recalculez l’ordre si besoin.", "success")
    return back(round_id)


@bp.post(f"{ROUND}/ordre")
@LEAD
def order(round_id: int) -> ResponseReturnValue:
    """Put the stops in a short walking order."""
    urgent = bool(request.form.get("emergencies_first"))
    return done(
        round_id,
        lambda session: usecases.order_stops(
            session, current_actor(), round_id, request_now(), emergencies_first=urgent
        ),
        "Ordre recalculé.",
    )


@bp.post(f"{ROUND}/arrets")
@LEAD
def add(round_id: int) -> ResponseReturnValue:
    """Put more reports on the round."""
    references = [word for text in request.form.getlist("reference") for word in words_of(text)]
    try:
        with unit_of_work() as session:
            added = usecases.add_stops(
                session, current_actor(), round_id, references, request_now()
            )
    except InvalidSubmission as error:
        fields = {"reference": " ".join(error.fields.values())}
        return refused(round_id, "ajouter", fields), 422
    if added.added:
        flash(f"{plural(added.added, 'arrêt ajouté', 'arrêts ajoutés')} à la fin.", "success")
    say_left_out(added)
    return back(round_id)


@bp.post(f'{STOP}/<any("monter", "descendre"):way>')
@LEAD
def move(round_id: int, stop_id: int, way: str) -> ResponseReturnValue:
    """Move a stop by one place; the same button has the focus again."""
    return done(
        round_id,
        lambda session: usecases.move_stop(
            session, current_actor(), round_id, stop_id, WAYS[way], request_now()
        ),
        "",
        moved=f"{stop_id}-{way}",
    )


@bp.post(f"{STOP}/retirer")
@LEAD
def remove(round_id: int, stop_id: int) -> ResponseReturnValue:
    """Take a stop off the round."""
    return done(
        round_id,
        lambda session: usecases.remove_stop(
            session, current_actor(), round_id, stop_id, request_now()
        ),
        "Arrêt retiré. Le signalement reste dans la corbeille.",
    )


@bp.post(f"{ROUND}/commencer")
@LEAD
def start(round_id: int) -> ResponseReturnValue:
    """Say that the walk begins."""
    return done(
        round_id,
        lambda session: usecases.start_round(session, current_actor(), round_id, request_now()),
        "C’est parti. Le premier arrêt est en haut.",
    )


@bp.post(f"{ROUND}/terminer")
@LEAD
def finish(round_id: int) -> ResponseReturnValue:
    """Say that the walk is over."""
    return done(
        round_id,
        lambda session: usecases.finish_round(session, current_actor(), round_id, request_now()),
        "Tournée terminée. Ce qui reste est toujours dans la corbeille.",
    )


@bp.post(f"{ROUND}/supprimer")
@LEAD
def discard(round_id: int) -> ResponseReturnValue:
    """Forget a round that has not begun."""
    try:
        with unit_of_work() as session:
            usecases.discard_round(session, current_actor(), round_id)
    except InvalidSubmission as error:
        flash(str(error), "error")
        return back(round_id)
    flash("Tournée supprimée. Les signalements restent dans la corbeille.", "success")
    return redirect(url_for("rounds.index"), 303)


def done(
    round_id: int, act: Callable[..., object], said: str, moved: str | None = None
) -> ResponseReturnValue:
    """Do something that asks for no typing, say how it went, and show the round again."""
    try:
        with unit_of_work() as session:
            act(session)
    except InvalidSubmission as error:
        flash(str(error), "error")
    else:
        if said:
            flash(said, "success")
    return back(round_id, moved)


def refused(round_id: int, form: str, errors: Mapping[str, str], **more: Any) -> str:
    """Return the page with what was typed in a form and what is wrong with it."""
    return rendered(round_id, Refusal(form, errors, request.form.to_dict()), **more)


def back(round_id: int, moved: str | None = None) -> ResponseReturnValue:
    """Return to the page of a round; `moved` names the button that was pressed."""
    return redirect(url_for("rounds.show", round_id=round_id, bouge=moved), 303)


def say_left_out(added: Added) -> None:
    """Tell, once, what was not put on the round and why."""
    words = left_out_words(added.left_out)
    if words:
        flash(words, "warning")


def words_of(text: str) -> list[str]:
    """Return the references in a line: `BL-2026-0012, BL-2026-0013`."""
    return text.replace(",", " ").replace(";", " ").split()


def read_day(text: str) -> date | None:
    """Return the day written `2026-11-26`; None when nothing is.

    Raises
    ------
    InvalidSubmission
        If it is anything else.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission({"day": BAD_DAY}) from None


def read_details() -> Details:
    """Return what the form says of a round.

    Raises
    ------
    InvalidSubmission
        If the day or the version cannot be read.
    """
    form = request.form
    day = read_day(form.get("day", ""))
    walker, version = form.get("walker", ""), form.get("version", "")
    if day is None or not version.isdecimal() or not (walker.isdecimal() or not walker):
        raise InvalidSubmission({"day": BAD_DAY})
    return Details(form.get("title", ""), day, int(walker) if walker else None, int(version))


def read_depot() -> tuple[Depot, list[Choice]]:
    """Return the place that the form says; or the places that its words may mean.

    A pin that was dragged says `lon` and `lat`, and its words are then only a name.

    Raises
    ------
    InvalidSubmission
        If nothing can be made of it.
    """
    form = request.form
    words = form.get("lieu", "").strip()
    choice = Choice.parse(form.get("choix", ""))
    if choice:
        return Depot(LonLat(choice.lon, choice.lat), choice.label), []
    if form.get("lon", "").strip() or form.get("lat", "").strip():
        lon, lat = read_degrees(form.get("lon", ""), 180), read_degrees(form.get("lat", ""), 90)
        if lon is None or lat is None:
            raise InvalidSubmission({"lieu": BAD_DEGREES})
        return Depot(LonLat(lon, lat), words), []
    if not words:
        return Depot(None, ""), []
    found = find_position(current_actor(), served_territory(), words)
    if found.point:
        return Depot(found.point, found.address), []
    if found.choices:
        return Depot(None, words), list(found.choices)
    raise InvalidSubmission({"lieu": found.error})
