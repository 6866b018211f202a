"""Equipment around the quarter: its list beside its map."""

from collections.abc import Mapping
from itertools import groupby

from flask import Blueprint, render_template, request

from qpvmap.core.permissions import Action, Target, may
from qpvmap.opening import open_at, week_of
from qpvmap.storage.desk import commune_names
from qpvmap.storage.equipment import Wanted, equipment_of, theme_counts
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import request_session

bp = Blueprint("equipements", __name__)

MOST_SHOWN = 300
WORDS_MAX = 100


def wanted_here(names: Mapping[str, str]) -> Wanted:
    """Return what the address asks for; what it cannot mean is left out."""
    theme, commune = request.args.get("theme", ""), request.args.get("commune", "")
    words = " ".join(request.args.get("q", "").split())[:WORDS_MAX]
    return Wanted(
        theme if theme in map_words.THEMES else "", commune if commune in names else "", words
    )


def keeps_equipment() -> bool:
    """Return whether the reader keeps the equipment of this territory."""
    return may(current_actor(), Action.EDIT_EQUIPMENT, Target(served_territory().id))


@bp.get("/equipements")
@public
def index() -> str:
    """Return the equipment by theme, the nearest to the quarter first, beside its map."""
    session, territory, now = request_session(), served_territory(), request_now()
    names = commune_names(session, [territory.id])
    wanted = wanted_here(names)
    places = equipment_of(session, territory.id, wanted, limit=MOST_SHOWN)
    counts = theme_counts(session, territory.id)
    order = {theme: rank for rank, theme in enumerate(map_words.THEMES)}
    by_theme = sorted(places, key=lambda place: order.get(place.theme, len(order)))
    return render_template(
        "equipements/index.html",
        themes=[(theme, list(group)) for theme, group in groupby(by_theme, lambda p: p.theme)],
        places=places,
        total=sum(counts.values()),
        choices=[(key, label) for key, label in map_words.THEMES.items() if key in counts],
        communes=list(names.items()),
        wanted=wanted,
        most_shown=MOST_SHOWN,
        words=map_words,
        opening={
            place.id: found.words
            for place in places
            if place.opening_hours and (found := open_at(place.opening_hours, now))
        },
        weeks={
            place.id: week.words
            for place in places
            if place.opening_hours and (week := week_of(place.opening_hours, now))
        },
        access=map_words.ACCESS,
        quality=map_words.POSITIONS,
        keeps=keeps_equipment(),
    )
