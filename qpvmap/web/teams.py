"""`/admin/services`: the teams, the shared address of each, who belongs; and what was changed."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.people import EMAIL_MAX, NAME_MAX, TeamDraft
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Team
from qpvmap.storage.people import members_of
from qpvmap.storage.upkeep import PAGE, find_team, last_upkeep, teams, upkeep
from qpvmap.usecases.people import change_team
from qpvmap.web.admin import page_before, tabs
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.people import MAX_ID, known_key
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("teams", __name__, url_prefix="/admin")

CHANGED_MEANWHILE = (
    "Quelqu’un d’autre vient de modifier ce service. Ce que vous avez saisi est gardé\u00a0: "
    "relisez, puis enregistrez de nouveau."
)


@bp.get("/services")
@access(Action.MANAGE_PEOPLE)
def index() -> str:
    """List the teams, with where each is written to and how many people work in it."""
    lines = teams(request_session(), served_territory().id)
    silent = [line for line in lines if not line.email]
    return render_template("people/teams.html", tabs=tabs(), teams=lines, silent=silent)


@bp.get("/services/<int:team_id>")
@access(Action.MANAGE_PEOPLE)
def show(team_id: int) -> str:
    """Show a team, its address, its people, and what was changed."""
    team = found(team_id)
    seen = last_upkeep(request_session(), team)
    return form(team, TeamDraft(team.name, team.email), seen, {})


@bp.post("/services/<int:team_id>")
@access(Action.MANAGE_PEOPLE)
def change(team_id: int) -> ResponseReturnValue:
    """Change a team as the form says; what is refused keeps what was typed."""
    draft, seen = read_draft(request.form), known_key(request.form.get("lu", "")) or 0
    try:
        with unit_of_work() as session:
            given = (served_territory().id, team_id, draft, seen, request_now())
            name = change_team(session, current_actor(), *given).name
    except InvalidSubmission as error:
        return form(found(team_id), draft, seen, error.fields), 422
    except StaleVersion as error:
        return form(found(team_id), draft, error.current, {"name": CHANGED_MEANWHILE}), 409
    flash(f"Enregistré\u00a0: {name}.", "success")
    return redirect(url_for("teams.index"), 303)


@bp.get("/journal")
@access(Action.MANAGE_PEOPLE)
def journal() -> str:
    """Show what was done to people and teams, the last first."""
    lines = upkeep(request_session(), served_territory().id, before=page_before())
    return render_template(
        "people/journal.html",
        tabs=tabs(),
        lines=lines,
        next_href=url_for("teams.journal", avant=lines[-1].id) if len(lines) == PAGE else "",
    )


def found(team_id: int) -> Team:
    """Return a team of the served territory.

    Raises
    ------
    NotFound
        If there is none of this key.
    """
    team = None
    if team_id <= MAX_ID:
        team = find_team(request_session(), served_territory().id, team_id)
    if team is None:
        raise NotFound("Service", str(team_id))
    return team


def read_draft(fields: MultiDict[str, str]) -> TeamDraft:
    """Return what a form says of a team."""
    name = " ".join(fields.get("name", "").split())
    return TeamDraft(name, fields.get("email", "").strip())


def form(team: Team, draft: TeamDraft, seen: int, errors: Mapping[str, str]) -> str:
    """Return the form of a team."""
    session = request_session()
    return render_template(
        "people/team.html",
        tabs=tabs(),
        team=team,
        draft=draft,
        seen=seen,
        errors=errors,
        members=members_of(session, [team.id]),
        lines=upkeep(session, team.territory_id, team_id=team.id),
        name_max=NAME_MAX,
        email_max=EMAIL_MAX,
    )
