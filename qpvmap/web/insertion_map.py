"""Job offers on a map: communes shaded by how many they have, IRIS by a number. Never a person."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import RowMapping

from qpvmap.core.french import plural
from qpvmap.outputs.classes import Classes, classify
from qpvmap.storage.insertion import offer_places, offer_trades
from qpvmap.storage.map_figures import JOBS
from qpvmap.web.context import served_territory
from qpvmap.web.map_data import answer
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("insertion_map", __name__)

COMMUNE = "commune"
SMALLEST, LARGEST = 105, 200
"""Radius of the number of an IRIS on the page's own map, metres of Web Mercator."""
NAME_WIDTH, NAME_HEIGHT = 900, 400
"""Half of what a commune's name covers, metres of Web Mercator."""
NAME_SHIFTS = range(-800, 801, 100)
NONE_WORDS = "aucune offre"


def asked_trade() -> str:
    """Return the ROME code that the address asks for; empty for all trades."""
    return request.args.get("metier", "")[:5].upper()


def classes_of(rows: Sequence[RowMapping]) -> Classes:
    """Return the classes of the communes that have offers."""
    counts = [float(row["offers"]) for row in rows if row["kind"] == COMMUNE and row["offers"]]
    return classify(JOBS, counts)


def words_of(row: RowMapping) -> str:
    """Return how many offers and posts a place has, in words."""
    offers = plural(row["offers"], "offre") if row["offers"] else NONE_WORDS
    return f"{offers}, {plural(row['positions'], 'poste')}" if row["offers"] else offers


def tint_of(row: RowMapping, classes: Classes) -> str:
    """Return the tint of a commune."""
    return str(classes.of(float(row["offers"]))) if row["offers"] else "none"


def legend_of(rows: Sequence[RowMapping], classes: Classes) -> list[tuple[str, str]]:
    """Return each tint with its words, lowest first."""
    counts = [row["offers"] for row in rows if row["kind"] == COMMUNE]
    some = sorted({count for count in counts if count})
    legend = [(str(tint), words) for tint, words in classes.legend("offres")] if some else []
    if len(legend) == 1:
        least, most = some[0], plural(some[-1], "offre")
        legend = [(legend[0][0], most if len(some) == 1 else f"{least} à {most}")]
    return [("none", NONE_WORDS), *legend] if 0 in counts else legend


def offers_drawing(territory_id: int, rome_code: str) -> dict[str, Any]:
    """Return what the page's own map is drawn from: it prints, and needs no script."""
    rows = offer_places(request_session(), territory_id, rome_code)
    classes = classes_of(rows)
    blocks = [row for row in rows if row["kind"] != COMMUNE]
    most = max((row["offers"] for row in blocks), default=1)
    return {
        "communes": [
            (row, tint_of(row, classes), words_of(row)) for row in rows if row["kind"] == COMMUNE
        ],
        "names": [(row, clear_of(blocks, row)) for row in rows if row["kind"] == COMMUNE],
        "blocks": [(row, radius(row["offers"], most), words_of(row)) for row in blocks],
        "legend": legend_of(rows, classes),
    }


def clear_of(blocks: Sequence[RowMapping], commune: RowMapping) -> int:
    """Return the height of a commune’s name: near its middle, where it hides the fewest numbers."""

    def hidden(shift: int) -> tuple[int, int]:
        x, y = commune["x"], commune["y"] + shift
        near = (b for b in blocks if abs(b["x"] - x) < NAME_WIDTH and abs(b["y"] - y) < NAME_HEIGHT)
        return sum(1 for _ in near), abs(shift)

    return int(commune["y"]) + min(NAME_SHIFTS, key=hidden)


def radius(offers: int, most: int) -> int:
    """Return the radius of a number: its area goes with how many there are."""
    return max(SMALLEST, round(LARGEST * sqrt(offers / most)))


@bp.get("/carte/offres.json")
@public
def layer() -> ResponseReturnValue:
    """Return the offers by commune and IRIS, classed and worded for the main map."""
    session, territory_id = request_session(), served_territory().id
    trade = asked_trade()
    rows = offer_places(session, territory_id, trade)
    classes = classes_of(rows)
    names = {row.code: row.name for row in offer_trades(session, territory_id)}
    body = {
        "title": f"Offres d’emploi, {names.get(trade, trade)}" if trade else "Offres d’emploi",
        "legend": [{"class": tint, "label": words} for tint, words in legend_of(rows, classes)],
        "communes": {
            row["code"]: {
                "class": tint_of(row, classes),
                "text": words_of(row),
                "short": plural(row["offers"], "offre"),
            }
            for row in rows
            if row["kind"] == COMMUNE
        },
        "blocks": [
            {
                "code": row["code"],
                "name": row["name"],
                "lon": round(row["lon"], 6),
                "lat": round(row["lat"], 6),
                "offers": row["offers"],
                "text": words_of(row),
            }
            for row in rows
            if row["kind"] != COMMUNE
        ],
    }
    return answer(current_app.json.dumps(body), "application/json", "public, no-cache")
