"""The portrait of a quarter: its ground, and the contract's figures as they were signed."""

from itertools import groupby

from flask import Blueprint, render_template

from qpvmap.core.errors import NotFound
from qpvmap.storage.doubts import doubts_about
from qpvmap.storage.map_cards import place_card
from qpvmap.storage.map_figures import CONTRACT
from qpvmap.storage.quarters import Portrait, contract_title, portrait, sources_of
from qpvmap.web.context import served_territory
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("quartiers", __name__)

NO_PORTRAIT = Portrait((), ())


@bp.get("/quartiers/<code>")
@public
def show(code: str) -> str:
    """Return the portrait of a quarter of the territory, or of one in sight of it."""
    session, territory_id = request_session(), served_territory().id
    quarter = place_card(session, "qpv", territory_id, code)
    if quarter is None:
        raise NotFound("Quartier", code)
    figures = portrait(session, territory_id, CONTRACT) if quarter["is_main"] else NO_PORTRAIT
    return render_template(
        "quartiers/show.html",
        quarter=quarter,
        blocks=figures.blocks,
        topics=[(t, list(lines)) for t, lines in groupby(figures.lines, lambda line: line.topic)],
        doubts=doubts_about(CONTRACT, "iris", (block.code for block in figures.blocks)),
        contract=contract_title(session, territory_id),
        sources=sources_of(session, code, quarter["vintage"], CONTRACT),
    )
