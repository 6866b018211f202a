"""`/`: the map and, beside it, the list that says the same; with the data that the map fetches."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.geo import BBox, LonLat
from qpvmap.core.permissions import Action
from qpvmap.outputs.folium_map import Declaration, View, declare
from qpvmap.storage import map_items
from qpvmap.storage.insertion import offer_trades
from qpvmap.storage.layers import MapView, map_view
from qpvmap.storage.map_figures import iris_indicators
from qpvmap.storage.map_items import Counts, MapScope, MapSignalement, PlaceRow
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.map_layers import LAYERS, OFFERS, PageLayer, panel_groups
from qpvmap.web.map_search import Answer, find
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("map", __name__)

SETTLED_FOR = timedelta(days=60)
MOST_LISTED = 200
HOME_ZOOM = 16
TABS = ("signalements", "operations", "equipements", "perimetres")
FILTERS = {"ouverts": "Ouverts", "retard": "En retard", "resolus": "Résolus"}


@dataclass(frozen=True, slots=True)
class Lists:
    """What the four tabs hold."""

    counts: Counts
    signalements: Sequence[MapSignalement]
    operations: Sequence[PlaceRow]
    equipment: Sequence[PlaceRow]
    places: Sequence[PlaceRow]


def scope(bbox: BBox | None = None) -> MapScope:
    """Return whose map this is, and the box it is asked for."""
    return MapScope(
        actor=current_actor(),
        territory_id=served_territory().id,
        settled_since=request_now() - SETTLED_FOR,
        bbox=bbox,
    )


def filters_of(row: MapSignalement) -> str:
    """Return the filters that keep a row, as the page writes them."""
    if not row.is_open:
        return "resolus"
    return "ouverts retard" if row.is_late(request_now()) else "ouverts"


def read_lists(session: Session, whose: MapScope) -> Lists:
    """Return what the page lists: one statement for each kind of thing."""
    return Lists(
        counts=map_items.count_signalements(session, whose, request_now()),
        signalements=map_items.map_signalements(session, whose, MOST_LISTED),
        operations=map_items.operations(session, whose.territory_id),
        equipment=map_items.equipment(session, whose.territory_id),
        places=map_items.places(session, whose.territory_id),
    )


def declaration(view: MapView, layers: Sequence[PageLayer]) -> Declaration:
    """Return the map as folium writes it."""
    home = view.home
    center = served_territory().center or LonLat(
        (home.west + home.east) / 2, (home.south + home.north) / 2
    )
    opening = View(center=center, zoom=HOME_ZOOM, home=home, bounds=view.whole)
    return declare(opening, [layer.spec for layer in layers], runtime().settings.basemaps)


def basemaps_json() -> str:
    """Return the backgrounds as JSON, for the `data-basemaps` of the small maps."""
    return json.dumps(
        [
            {
                "key": basemap.key,
                "url": basemap.url,
                "attribution": basemap.attribution,
                "maxZoom": basemap.max_zoom,
                "first": basemap.key == runtime().settings.default_basemap,
            }
            for basemap in runtime().settings.basemaps
        ],
        ensure_ascii=False,
    )


def asked(name: str, allowed: Sequence[str]) -> str:
    """Return what the address asks for, or the first of what it may ask."""
    value = request.args.get(name, "")
    return value if value in allowed else allowed[0]


@bp.get("/signalements")
@access(Action.VIEW)
def listed() -> ResponseReturnValue:
    """Lead who shortens the address of a report to the list of all that may be seen."""
    return redirect(url_for("map.index", liste="signalements"), 303)


@bp.get("/")
@access(Action.VIEW)
def index() -> ResponseReturnValue:
    """Show the map, its layers, its legend, and the list of all that it shows."""
    session, whose = request_session(), scope()
    view = map_view(session, whose.territory_id)
    if view is None:
        return render_template("map/empty.html")
    trades = offer_trades(session, whose.territory_id)
    layers = [layer for layer in LAYERS if trades or layer.spec.key != OFFERS]
    page = {
        "map": declaration(view, layers),
        "groups": panel_groups(layers),
        "legend_layers": layers,
        "lists": read_lists(session, whose),
        "filters_of": filters_of,
        "indicators": iris_indicators(session, whose.territory_id),
        "trades": trades,
        "basemaps": runtime().settings.basemaps,
        "first_basemap": runtime().settings.default_basemap,
        "tab": asked("liste", TABS),
        "chosen": asked("filtre", tuple(FILTERS)),
        "filters": FILTERS,
        "most_listed": MOST_LISTED,
        **searched(),
    }
    return render_template("map/index.html", **page)


def searched() -> dict[str, Any]:
    """Return what the search form found, for a reader without a script."""
    words = request.args.get("q", "").strip()
    said = find(words, None) if words else Answer([], "", "")
    return {"words": words, "found": said.found, "note": said.note}


@bp.record_once
def give_words(state: BlueprintSetupState) -> None:
    """Give templates, imported macros included, the French words of what the map shows."""
    state.app.jinja_env.globals["map_words"] = map_words
    state.app.jinja_env.globals["basemaps_json"] = basemaps_json
