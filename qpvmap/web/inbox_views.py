"""The doors of kept views: keep this one, rename it, open on it, forget it."""

from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission
from qpvmap.core.inbox_views import MOST_VIEWS, NAME_MAX, NOT_YOUR_TEAM
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.storage.desk import teams_by_id
from qpvmap.storage.inbox_views import views_of
from qpvmap.usecases.inbox_views import (
    NewView,
    choose_first_view,
    forget_view,
    keep_view,
    rename_view,
)
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import KEY_DIGITS, inbox_url, read_filters
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("inbox_views", __name__, url_prefix="/corbeille/vues")

OPENS_SO = "La corbeille s’ouvrira sur cette vue."
OPENS_AS_USUAL = "La corbeille s’ouvrira sur ce qui est à prendre en charge."
REFUSED = (InvalidSubmission, CannotChange)


def as_kept(query: str) -> str:
    """Return the address of a view as the inbox itself would write it, whatever was sent."""
    sent = MultiDict(parse_qsl(urlsplit(f"?{query.lstrip('?')}").query))
    return inbox_url(read_filters(sent)).partition("?")[2]


def shareable(actor: Actor) -> dict[int, str]:
    """Return the teams with which the actor may share a view, key to name."""
    reach = reach_of(actor, Action.SHARE_VIEW, None)
    if reach is Reach.NOWHERE:
        return {}
    teams = teams_by_id(request_session(), actor.territory_ids)
    return {
        key: team.name
        for key, team in teams.items()
        if Reach.TERRITORY in reach or key in actor.team_ids
    }


def read_team(text: str) -> int | None:
    """Return the team chosen, or None for nobody else.

    Raises
    ------
    InvalidSubmission
        If it is no team.
    """
    if not text:
        return None
    if not text.isdecimal() or len(text) > KEY_DIGITS:
        raise InvalidSubmission({"team": NOT_YOUR_TEAM})
    return int(text)


@bp.get("")
@access(Action.VIEW_INBOX)
def index() -> str:
    """Show the views that the reader keeps, and a form for the one they come from."""
    return page()


def page(errors: dict[str, str] | None = None, form: str = "") -> str:
    """Return the page of kept views, with what was just refused if anything was."""
    actor = current_actor()
    sent = request.form if errors else request.args
    return render_template(
        "inbox/views.html",
        views=views_of(request_session(), actor),
        teams=list(shareable(actor).items()),
        query=as_kept(request.values.get("query", "")),
        is_new=form == "" and "query" in request.values,
        sent=sent,
        errors=errors or {},
        form=form,
        most_views=MOST_VIEWS,
        name_max=NAME_MAX,
    )


def refused(error: InvalidSubmission | CannotChange, form: str) -> ResponseReturnValue:
    """Return the page with what was refused, all that was typed kept."""
    said = dict(error.fields) if isinstance(error, InvalidSubmission) else {"name": str(error)}
    return page(said, form), 422


@bp.post("")
@access(Action.VIEW_INBOX)
def keep() -> ResponseReturnValue:
    """Keep the view that was sent, then show it."""
    query = as_kept(request.form.get("query", ""))
    try:
        with unit_of_work() as session:
            new = NewView(
                request.form.get("name", ""), query, read_team(request.form.get("team", ""))
            )
            view = keep_view(session, current_actor(), new, request_now())
            if request.form.get("first") == "1":
                choose_first_view(session, current_actor(), view.id)
            name = view.name
    except REFUSED as error:
        return refused(error, "")
    flash(f"Vue «\u00a0{name}\u00a0» gardée.", "success")
    return redirect(f"{url_for('inbox.show')}?{query}", 303)


@bp.post("/<int:view_id>")
@access(Action.VIEW_INBOX)
def rename(view_id: int) -> ResponseReturnValue:
    """Give a view another name, share it or not."""
    try:
        with unit_of_work() as session:
            team_id = read_team(request.form.get("team", ""))
            rename_view(session, current_actor(), view_id, request.form.get("name", ""), team_id)
    except REFUSED as error:
        return refused(error, str(view_id))
    flash("Vue changée.", "success")
    return redirect(url_for("inbox_views.index"), 303)


@bp.post("/<int:view_id>/suppression")
@access(Action.VIEW_INBOX)
def forget(view_id: int) -> ResponseReturnValue:
    """Forget a view."""
    with unit_of_work() as session:
        forget_view(session, current_actor(), view_id)
    flash("Vue supprimée.", "success")
    return redirect(url_for("inbox_views.index"), 303)


@bp.post("/<int:view_id>/ouverture")
@access(Action.VIEW_INBOX)
def open_on(view_id: int) -> ResponseReturnValue:
    """Open the inbox on a view from now on, or as usual when it was the one."""
    with unit_of_work() as session:
        usual = request.form.get("first") != "1"
        choose_first_view(session, current_actor(), None if usual else view_id)
    flash(OPENS_AS_USUAL if usual else OPENS_SO, "success")
    return redirect(url_for("inbox_views.index"), 303)
