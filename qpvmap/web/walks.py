"""`/parcours/marches`: the walks of the territory, and all that prepares one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.errors import InvalidSubmission, NotAllowed, OutsideTerritory, StaleVersion
from qpvmap.core.french import local_date, short_day
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.walks import (
    BODY_LABELS,
    GRADE_LABELS,
    LABEL_MAX,
    NOTE_MAX,
    STATE_LABELS,
    TITLE_MAX,
    WalkState,
)
from qpvmap.storage.models import SiteWalk
from qpvmap.storage.rounds import Before
from qpvmap.storage.walk_bodies import bodies_offered
from qpvmap.storage.walk_checklists import walk_themes
from qpvmap.storage.walks import WalkRow, bodies_of, walks_page, walks_to_follow
from qpvmap.usecases import walk_stops as stop_usecases
from qpvmap.usecases import walks as usecases
from qpvmap.usecases.walk_stops import NewStop
from qpvmap.usecases.walks import NewWalk
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.offline import kept_offline
from qpvmap.web.operations import read_degrees
from qpvmap.web.outbox_door import accepted, phone_clock_off
from qpvmap.web.positions import Choice, find_position
from qpvmap.web.round_view import middle
from qpvmap.web.security import access, current_actor, is_outbox_request
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalements import served
from qpvmap.web.walk_forms import (
    OTHERS,
    Typed,
    body_rows,
    new_id,
    read_details,
    read_id,
    read_instant,
    read_number,
    read_route,
    typed_bodies,
)
from qpvmap.web.walk_keys import WALK, named_by_key
from qpvmap.web.walk_view import found_walk, walk_view

bp = named_by_key("walks", __name__)

PLACE = f"{WALK}/arrets/<int(max=9223372036854775807):place_id>"
READ = access(Action.VIEW_WALK)
LEAD = access(Action.LEAD_WALK)
WAYS = {"monter": -1, "descendre": 1}
BAD_DEGREES = "Coordonnées illisibles\u00a0: 48,7841 et 2,3030 par exemple."
ENDED = "Marche terminée. Notez maintenant les décisions\u00a0: qui fait quoi, pour quand."
CHANGED_MEANWHILE = (
    "Une autre personne vient de modifier cette marche. "
    "Vérifiez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the list of walks, as `walks/_list.html` shows it on whichever page includes it."""

    rows: Sequence[WalkRow]
    is_first: bool
    older: str | None
    may_read: bool
    may_lead: bool


def walks_listed(most: int | None = None) -> Listed:
    """Return the part of the list that the address asks for, or the latest `most` of it.

    There is nothing for those who read no walks.
    """
    try:
        before = Before.parse(request.args["avant"]) if request.args.get("avant") else None
    except ValueError:
        before = None
    actor, target = current_actor(), Target(served_territory().id)
    if not may(actor, Action.VIEW_WALK, target):
        return Listed((), is_first=True, older=None, may_read=False, may_lead=False)
    found, after = walks_page(request_session(), actor, before)
    older = url_for("walks.index", avant=str(after)) if after else None
    if most is not None and len(found) > most:
        found, older = found[:most], url_for("walks.index")
    return Listed(found, before is None, older, True, may(actor, Action.LEAD_WALK, target))


@bp.get("")
@READ
def index() -> str:
    """Show the walks, the latest day first."""
    lead = may(current_actor(), Action.LEAD_WALK, Target(served_territory().id))
    return render_template("walks/index.html", may_lead=lead)


@bp.get("/nouvelle")
@LEAD
@kept_offline
def new() -> str:
    """Show the form of a walk; `suite` is the one that it may follow."""
    follows = next(
        (
            w
            for w in walks_to_follow(request_session(), current_actor())
            if str(w.id) == request.args.get("suite")
        ),
        None,
    )
    fields = {"day": local_date(request_now()).isoformat(), "client_id": new_id()}
    if follows is not None:
        bodies = bodies_of(request_session(), [follows.id])[follows.id]
        offered = bodies_offered(request_session(), follows.territory_id)
        fields |= {
            "follows": str(follows.id),
            "title": f"Suite\u00a0: {follows.title}"[:TITLE_MAX],
            "theme": follows.theme.code,
            **typed_bodies(bodies, offered),
        }
    return form_page(Typed(fields, {}))


def form_page(typed: Typed) -> str:
    """Return the form of a new walk, with what was typed and what is wrong with it."""
    session, card = request_session(), served_territory()
    return render_template(
        "walks/new.html",
        typed=typed,
        themes=walk_themes(session, card.id),
        to_follow=walks_to_follow(session, current_actor()),
        qpv_codes=card.qpv_codes,
        qpv_choices=[(code, code) for code in card.qpv_codes],
        **bodies_context(card.id),
    )


def bodies_context(territory_id: int) -> dict[str, Any]:
    """Return what the part of a form about participants shows."""
    return {
        "body_rows": body_rows(bodies_offered(request_session(), territory_id)),
        "body_others": OTHERS,
        "body_labels": BODY_LABELS,
        "title_max": TITLE_MAX,
        "note_max": NOTE_MAX,
    }


@bp.post("")
@LEAD
def create() -> ResponseReturnValue:
    """Prepare a walk and lead to its stops; a phone may have begun it without network."""
    form = request.form
    try:
        with unit_of_work() as session:
            territory = served(session)
            follows = form.get("follows", "")
            asked = NewWalk(
                read_id(form),
                form.get("theme", ""),
                read_details(form, bodies_offered(session, territory.id)),
                form.get("qpv", ""),
                read_number(form, "follows") or (-1 if follows else None),
            )
            now = request_now()
            receipt = usecases.create_walk(session, current_actor(), territory, asked, now)
    except InvalidSubmission as error:
        if is_outbox_request():
            raise
        return form_page(Typed(form.to_dict(), error.fields)), 422
    walk = receipt.walk
    stops = url_for("walks.prepare", walk_id=walk.id)
    if not is_outbox_request():
        return redirect(stops, 303)
    at, title = url_for("walk_field.show", walk_id=walk.id), f"Marche «\u00a0{walk.title}\u00a0»"
    return accepted(asked.client_id, created=receipt.created, title=title, href=at, prepare=stops)


@bp.get(f"{WALK}/preparer")
@LEAD
def prepare(walk_id: int) -> str:
    """Show the stops, the line, and what is said of the walk."""
    return prepare_page(walk_id)


def prepare_page(
    walk_id: int, typed: Typed | None = None, form: str = "", choices: list[Choice] | None = None
) -> str:
    """Return the page that prepares a walk, with what was just refused if anything was."""
    walk = found_walk(walk_id)
    view = walk_view(walk)
    if not view.rights.lead:
        raise NotAllowed(Action.LEAD_WALK)
    offered = bodies_offered(request_session(), walk.territory_id)
    said = {
        "title": walk.title,
        "day": walk.day.isoformat(),
        "starts_at": f"{walk.starts_at:%H:%M}" if walk.starts_at else "",
        "ends_at": f"{walk.ends_at:%H:%M}" if walk.ends_at else "",
        "conclusion": walk.conclusion,
        **typed_bodies(view.bodies, offered),
    }
    return render_template(
        "walks/prepare.html",
        view=view,
        walk=walk,
        typed=Typed({**said, **(typed.fields if typed else {})}, typed.errors if typed else {}),
        form=form,
        choices=choices or [],
        center=middle(),
        route=view.route(),
        moved=request.args.get("bouge", ""),
        client_id=new_id(),
        label_max=LABEL_MAX,
        walk_states=STATE_LABELS,
        grade_labels=GRADE_LABELS,
        **bodies_context(walk.territory_id),
    )


@bp.post(WALK)
@LEAD
def edit(walk_id: int) -> ResponseReturnValue:
    """Change what is said of a walk: title, day, who came, what is concluded."""
    form = request.form
    try:
        with unit_of_work() as session:
            territory_id = found_walk(walk_id).territory_id
            details = read_details(form, bodies_offered(session, territory_id))
            version = read_number(form, "version") or 0
            actor, now = current_actor(), request_now()
            usecases.edit_walk(session, actor, walk_id, details, version, now)
    except InvalidSubmission as error:
        return prepare_page(walk_id, Typed(form.to_dict(), error.fields), "details"), 422
    except StaleVersion:
        said = {"title": CHANGED_MEANWHILE}
        return prepare_page(walk_id, Typed(form.to_dict(), said), "details"), 409
    flash("Enregistré.", "success")
    return redirect(url_for("walks.prepare", walk_id=walk_id), 303)


@bp.post(f"{WALK}/arrets")
@LEAD
def add_stop(walk_id: int) -> ResponseReturnValue:
    """Add a stop where the map was tapped, at an address, or at a known place."""
    form = request.form
    try:
        point, address, choices = read_place()
        if point is None:
            typed = Typed(form.to_dict(), {"lieu": "Lequel\u00a0? Choisissez-le."})
            return prepare_page(walk_id, typed, "arret", choices), 422
        asked = NewStop(read_id(form), point, form.get("label", ""), address)
        with unit_of_work() as session:
            actor, now = current_actor(), request_now()
            stop, _ = stop_usecases.add_stop(session, actor, walk_id, asked, now)
            position = stop.position
    except InvalidSubmission as error:
        return prepare_page(walk_id, Typed(form.to_dict(), error.fields), "arret"), 422
    except OutsideTerritory as error:
        return prepare_page(walk_id, Typed(form.to_dict(), {"lieu": str(error)}), "arret"), 422
    flash(f"Arrêt {position} ajouté.", "success")
    return redirect(url_for("walks.prepare", walk_id=walk_id), 303)


def read_place() -> tuple[LonLat | None, str, list[Choice]]:
    """Return the place that the form says and its address; or the places its words may mean.

    Raises
    ------
    InvalidSubmission
        If nothing can be made of it.
    """
    form = request.form
    choice = Choice.parse(form.get("choix", ""))
    if choice:
        return LonLat(choice.lon, choice.lat), choice.label, []
    if form.get("lon", "").strip() or form.get("lat", "").strip():
        lon, lat = read_degrees(form.get("lon", ""), 180), read_degrees(form.get("lat", ""), 90)
        if lon is None or lat is None:
            raise InvalidSubmission({"lieu": BAD_DEGREES})
        return LonLat(lon, lat), "", []
    found = find_position(current_actor(), served_territory(), form.get("lieu", ""))
    if found.point or found.choices:
        return found.point, found.address, list(found.choices)
    raise InvalidSubmission({"lieu": found.error})


@bp.post(f'{PLACE}/<any("monter", "descendre"):way>')
@LEAD
def move_stop(walk_id: int, place_id: int, way: str) -> ResponseReturnValue:
    """Move a stop by one place; the same button has the focus again."""

    def act(session: Session) -> None:
        actor, now = current_actor(), request_now()
        stop_usecases.move_stop(session, actor, walk_id, place_id, WAYS[way], now)

    return done(walk_id, act, "", moved=f"{place_id}-{way}")


@bp.post(f"{PLACE}/retirer")
@LEAD
def remove_stop(walk_id: int, place_id: int) -> ResponseReturnValue:
    """Take a stop off the walk."""

    def act(session: Session) -> None:
        stop_usecases.remove_stop(session, current_actor(), walk_id, place_id, request_now())

    return done(walk_id, act, "Arrêt retiré.")


@bp.post(f"{PLACE}/nommer")
@LEAD
def rename_stop(walk_id: int, place_id: int) -> ResponseReturnValue:
    """Give a stop another name."""
    label = request.form.get("label", "")

    def act(session: Session) -> None:
        actor, now = current_actor(), request_now()
        stop_usecases.rename_stop(session, actor, walk_id, place_id, label, now)

    return done(walk_id, act, "Arrêt renommé.")


@bp.post(f"{WALK}/trace")
@LEAD
def draw_route(walk_id: int) -> ResponseReturnValue:
    """Keep the line that was drawn on the map; an empty one forgets it."""
    actor, now, form = current_actor(), request_now(), request.form
    if is_outbox_request():
        sending, (points, source) = read_id(form), read_route(form)
        with unit_of_work() as session:
            created = stop_usecases.set_route(session, actor, walk_id, points, source, now, sending)
        at = url_for("walk_field.show", walk_id=walk_id)
        return accepted(sending, created=created, title="Tracé de la marche", href=at)

    def act(session: Session) -> None:
        points, source = read_route(form)
        stop_usecases.set_route(session, actor, walk_id, points, source, now)

    return done(walk_id, act, "Tracé enregistré.")


@bp.post(f"{WALK}/terminer")
@LEAD
def close(walk_id: int) -> ResponseReturnValue:
    """Say that the walk is over, at the instant that the phone says when it had no signal."""
    at = url_for("walk_report.show", walk_id=walk_id)
    with unit_of_work() as session:
        actor, now, ended_at = current_actor(), request_now(), read_instant(request.form)
        off = phone_clock_off()
        created = usecases.close_walk(session, actor, walk_id, now, ended_at, off)[1]
    if is_outbox_request():
        return accepted(read_id(request.form), created=created, title="Fin de la marche", href=at)
    flash(ENDED, "success")
    return redirect(at, 303)


@bp.post(f"{WALK}/rouvrir")
@LEAD
def reopen(walk_id: int) -> ResponseReturnValue:
    """Say that the walk was not over after all."""

    def act(session: Session) -> None:
        usecases.reopen_walk(session, current_actor(), walk_id, request_now())

    done(walk_id, act, "Marche rouverte.")
    return redirect(url_for("walk_field.show", walk_id=walk_id), 303)


@bp.post(f"{WALK}/supprimer")
@LEAD
def discard(walk_id: int) -> ResponseReturnValue:
    """Forget a walk that has not set out."""
    try:
        with unit_of_work() as session:
            usecases.discard_walk(session, current_actor(), walk_id)
    except InvalidSubmission as error:
        flash(str(error), "error")
        return redirect(url_for("walks.prepare", walk_id=walk_id), 303)
    flash("Marche supprimée.", "success")
    return redirect(url_for("walks.index"), 303)


def done(
    walk_id: int, act: Callable[[Session], object], said: str, moved: str | None = None
) -> ResponseReturnValue:
    """Do something that asks for no typing, say how it went, and show the preparation again."""
    try:
        with unit_of_work() as session:
            act(session)
    except InvalidSubmission as error:
        flash(str(error), "error")
    else:
        if said:
            flash(said, "success")
    return redirect(url_for("walks.prepare", walk_id=walk_id, bouge=moved), 303)


@bp.app_template_filter("walk_state")
def walk_state(state: str) -> str:
    """Return the French word of where a walk stands."""
    return STATE_LABELS[WalkState(state)]


@bp.app_template_filter("walk_choices")
def walk_choices(walks: Sequence[SiteWalk]) -> list[tuple[str, str]]:
    """Return walks as a menu offers them."""
    return [(str(walk.id), f"{walk.title}, {short_day(walk.day)}") for walk in walks]


@bp.app_template_filter("walk_route")
def walk_route(points: Sequence[LonLat]) -> str:
    """Return a line as a map reads it: `[[lat, lon], …]`."""
    return dumps([[round(point.lat, 6), round(point.lon, 6)] for point in points])


bp.add_app_template_global(walks_listed)
