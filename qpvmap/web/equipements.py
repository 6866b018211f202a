"""Equipment around the quarter: the list that goes with its layer of the map."""

from itertools import groupby

from flask import Blueprint, render_template

from qpvmap.storage.map_items import equipment
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("equipements", __name__)

MOST_SHOWN = 300


@bp.get("/equipements")
@public
def index() -> str:
    """Return the equipment by theme, the nearest to the quarter first, beside its map."""
    places = equipment(request_session(), served_territory().id, MOST_SHOWN)
    order = {theme: rank for rank, theme in enumerate(map_words.THEMES)}
    by_theme = sorted(places, key=lambda place: order.get(place.theme, len(order)))
    return render_template(
        "equipements/index.html",
        themes=[(theme, list(group)) for theme, group in groupby(by_theme, lambda p: p.theme)],
        places=places,
        most_shown=MOST_SHOWN,
        words=map_words,
    )
