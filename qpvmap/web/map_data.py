"""What the map fetches: layers that anybody may see, signalements that the reader may, figures."""

import gzip
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.doubts import Doubt
from qpvmap.core.french import percent
from qpvmap.core.geo import BBox
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import Status
from qpvmap.outputs import geojson
from qpvmap.outputs.classes import classify, with_unit
from qpvmap.storage.layers import MAP_LAYERS, data_version, layer_geojson, still_plan
from qpvmap.storage.map_figures import (
    IrisFigure,
    IrisIndicator,
    figures_by_iris,
    iris_indicators,
)
from qpvmap.storage.map_items import MOST_ON_MAP, MapSignalement, map_signalements
from qpvmap.storage.profiles import doubts_about
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.map import scope
from qpvmap.web.security import access, public
from qpvmap.web.sessions import request_session

bp = Blueprint("map_data", __name__)

KEPT = "qpvmap_layers"
SMALLEST_ZIPPED = 1000
WITHHELD = "secret"
WITHHELD_WORDS = "secret statistique"
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
UNKNOWN_WORDS = "sans donnée"
STATES = {"ouverts": True, "resolus": False}


def answer(body: str, media_type: str, cache: str, tag: str | None = None) -> Response:
    """Return a conditional answer with a strong ETag, compressed when the reader can take it."""
    raw = body.encode()
    mark = tag or sha256(raw).hexdigest()[:20]
    zipped = len(raw) > SMALLEST_ZIPPED and request.accept_encodings.quality("gzip") > 0
    response = Response(gzip.compress(raw, 6, mtime=0) if zipped else raw, mimetype=media_type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = cache
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{mark}-gz" if zipped else mark)
    response.make_conditional(request)
    return response


def kept_layer(session: Session, key: str, territory_id: int, version: str) -> str:
    """Return a layer, made again only when the data changed since this process last made it."""
    kept = current_app.extensions.setdefault(KEPT, {})
    known = kept.get((territory_id, key))
    if known is None or known[0] != version:
        known = (version, layer_geojson(session, key, territory_id))
        kept[territory_id, key] = known
    body: str = known[1]
    return body


@bp.get("/carte/couches/<key>.geojson")
@public
def layer(key: str) -> ResponseReturnValue:
    """Return a layer of places; its ETag is the version of the data."""
    if key not in MAP_LAYERS:
        abort(404)
    session, territory_id = request_session(), served_territory().id
    version = data_version(session)
    tag = sha256(f"{territory_id};{key};{version}".encode()).hexdigest()[:20]
    body = kept_layer(session, key, territory_id, version)
    return answer(body, geojson.MEDIA_TYPE, "public, no-cache", tag)


def spoken(row: MapSignalement, late: bool) -> str:
    """Return what a pin is called: `Éclairage public, en cours, en retard`."""
    parts = [row.category, STATUS_LABELS[Status(row.status)].lower()]
    return ", ".join([*parts, "en retard"] if late else parts)


def feature(row: MapSignalement) -> Mapping[str, Any]:
    """Return a signalement as the map draws it: nothing of its author, nothing of its text."""
    late = row.is_late(request_now())
    properties = {
        "reference": row.reference,
        "name": spoken(row, late),
        "status": row.status,
        "late": late,
        "confidential": row.is_confidential,
    }
    return geojson.point_feature(row.lon, row.lat, properties)


def asked_box() -> BBox | None:
    """Return the box that the address asks for, if any; 400 when it is not one."""
    text = request.args.get("bbox")
    if not text:
        return None
    try:
        return BBox.parse(text)
    except ValueError:
        abort(400)


@bp.get("/carte/signalements.geojson")
@access(Action.VIEW)
def signalements() -> ResponseReturnValue:
    """Return the signalements that this reader may see, open or settled lately."""
    whose = scope(asked_box())
    wanted = STATES.get(request.args.get("etat", ""))
    rows = map_signalements(request_session(), whose, MOST_ON_MAP, is_open=wanted)
    features = (feature(row) for row in rows)
    body = geojson.collection(features, truncated=len(rows) >= MOST_ON_MAP)
    response = answer(body, geojson.MEDIA_TYPE, "private, no-cache")
    response.vary.add("Cookie")
    return response


def figure_words(figure: IrisFigure, unit: str) -> str:
    """Return a figure as people read it; what is withheld is said to be."""
    if figure.suppressed:
        return WITHHELD_WORDS
    if figure.value is None:
        return UNKNOWN_WORDS
    return percent(figure.value / 100, 1) if unit == "%" else with_unit(figure.value, unit)


def legend_title(indicator: IrisIndicator) -> str:
    """Return the title of a legend; a year in the indicator's own title is the one that counts."""
    if YEAR.search(indicator.title):
        return f"{indicator.title} par IRIS"
    return f"{indicator.title} par IRIS ({indicator.vintage})"


def coloured(
    indicator: IrisIndicator, figures: list[IrisFigure], doubts: Sequence[Doubt]
) -> dict[str, Any]:
    """Return the tint and the words of each IRIS, the legend, and what to doubt."""
    classes = classify(indicator.key, [f.value for f in figures if f.value is not None])

    def tint(figure: IrisFigure) -> str:
        if figure.value is not None:
            return str(classes.of(figure.value))
        return WITHHELD if figure.suppressed else "none"

    legend = [{"class": str(n), "label": words} for n, words in classes.legend(indicator.unit)]
    if any(figure.suppressed for figure in figures):
        legend.append({"class": WITHHELD, "label": WITHHELD_WORDS})
    legend.append({"class": "none", "label": UNKNOWN_WORDS})
    return {
        "key": indicator.key,
        "title": legend_title(indicator),
        "note": f"Source : {indicator.source}." if indicator.source else "",
        "legend": legend,
        "values": {
            figure.code: {"class": tint(figure), "text": figure_words(figure, indicator.unit)}
            for figure in figures
        },
        "doubts": [
            {"codes": sorted(doubt.place_codes), "short": doubt.short, "note": doubt.note}
            for doubt in doubts
        ],
    }


@bp.get("/carte/indicateurs/<key>.json")
@public
def indicator(key: str) -> ResponseReturnValue:
    """Return an indicator by IRIS, classed and worded for the map."""
    session, territory_id = request_session(), served_territory().id
    known = {i.key: i for i in iris_indicators(session, territory_id)}
    if key not in known:
        abort(404)
    figures = figures_by_iris(session, territory_id, key)
    doubts = doubts_about(session, territory_id) if known[key].is_signed else ()
    body = current_app.json.dumps(coloured(known[key], figures, doubts))
    return answer(body, "application/json", "public, no-cache")


@bp.get("/carte/plan.svg")
@public
def plan() -> ResponseReturnValue:
    """Return the still plan of the quarter, for a reader without a script."""
    shapes = still_plan(request_session(), served_territory().id)
    if not shapes:
        abort(404)
    drawing = render_template("map/plan.svg", shapes=shapes)
    return answer(drawing, "image/svg+xml", "public, no-cache")
