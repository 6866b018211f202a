"""`/parcours`: all that is done on foot. A mediator's round first; walks; for others, figures."""

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from flask import Blueprint, render_template

from qpvmap.core.actors import Actor
from qpvmap.core.french import local_date
from qpvmap.core.permissions import Action, Reach, Target, may, reach_of
from qpvmap.core.presences import CORRECTED_WITHIN, MAX_OTHERS
from qpvmap.storage.models import Team
from qpvmap.storage.outreach import solicitations_since
from qpvmap.storage.presence_words import sectors_of, shapes_of
from qpvmap.storage.presences import (
    colleagues_of,
    latest_team,
    open_presence,
    teams_among,
    to_check,
)
from qpvmap.usecases.presences import NO_TEAM, teams_of
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.offline import kept_offline
from qpvmap.web.presence_forms import new_uid
from qpvmap.web.presence_numbers import month_at_a_glance
from qpvmap.web.presence_period import start_of_day
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session
from qpvmap.web.signalement_forms import Refusal

bp = Blueprint("parcours", __name__)

MOST_WALKS = 5


@bp.get("/parcours")
@access(Action.VIEW_WALK)
@kept_offline
def index() -> str:
    """Show where the reader stands."""
    return home(None)


def home(refusal: Refusal | None) -> str:
    """Return the page, with what was just refused if anything was."""
    actor = current_actor()
    return render_template(
        "presences/home.html",
        refusal=refusal,
        reads=reach_of(actor, Action.READ_PRESENCE, None) is not Reach.NOWHERE,
        **(walker_page(actor) if reach_of(actor, Action.RECORD_PRESENCE, None) else {}),
        interventions=reach_of(actor, Action.LEAD_ROUND, None) is not Reach.NOWHERE,
        glance=month_at_a_glance(actor),
        most_walks=MOST_WALKS,
        may_lead_walks=may(actor, Action.LEAD_WALK, Target(served_territory().id)),
    )


def walker_page(actor: Actor) -> dict[str, Any]:
    """Return what somebody who walks needs: the round under way, or what begins one."""
    session, key = request_session(), actor.account_id
    if key is None or not teams_among(session, actor.team_ids):
        return {"missing": NO_TEAM}
    teams = teams_of(session, actor)
    if not teams:
        return {}
    team = teams[0]
    now = request_now()
    return {
        "now": now.astimezone(UTC),
        "under_way": open_presence(session, key),
        "to_check": to_check(session, key, now - CORRECTED_WITHIN),
        "asked": solicitations_since(session, key, start_of_day(local_date(now))),
        "sectors": sectors_of(session, team.territory_id),
        "shapes": sector_shapes(team.territory_id),
        **company_choices(teams),
        "max_others": MAX_OTHERS,
        "ids": {name: new_uid() for name in ("debut", "secteur", "fin")},
        "emergency_numbers": served_territory().emergency_numbers,
    }


def company_choices(teams: Sequence[Team]) -> dict[str, Any]:
    """Return with whom and for which of these teams a round of the reader's can be."""
    session, key = request_session(), current_actor().account_id or 0
    many = len(teams) > 1
    companions = [
        (str(one), f"{name} ({team.name})" if many else name)
        for team in teams
        for one, name in colleagues_of(session, team.id, key).items()
    ]
    latest = latest_team(session, key) if many else None
    return {
        "companions": [("", "Personne"), *companions],
        "teams": [(team.code, team.name) for team in teams] if many else [],
        "team": next((team.code for team in teams if team.id == latest), teams[0].code),
    }


def sector_shapes(territory_id: int) -> str:
    """Return the outlines of the sectors as JSON: the phone tells by itself where it stands."""
    shapes = shapes_of(request_session(), territory_id)
    return json.dumps(
        [{"code": one.code, "polygons": one.coordinates} for one in shapes],
        separators=(",", ":"),
    )
