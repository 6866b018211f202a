"""The portrait of a quarter: what was signed, the figures three ways, how each is reckoned."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template

from qpvmap.core.doubts import doubts_on, gap_words, text_gap_words
from qpvmap.core.errors import NotFound
from qpvmap.storage.map_cards import place_card
from qpvmap.storage.profiles import Dossier, Quarter, dossier_of, newest_of
from qpvmap.storage.quarters import contract_title, sources_of
from qpvmap.web import quartier_words
from qpvmap.web.context import served_territory
from qpvmap.web.downloads import csv_file, workbook_file
from qpvmap.web.quartier_files import sheets_of, three_ways
from qpvmap.web.quartier_map import drawing_of
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("quartiers", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """A quarter and what is known of its figures; `dossier` is None for one of the neighbours."""

    quarter: Mapping[str, Any]
    dossier: Dossier | None


def read_page(code: str) -> Page:
    """Return a quarter of the territory, or one in sight of it.

    Raises
    ------
    NotFound
        If there is none of that code.
    """
    session, territory_id = request_session(), served_territory().id
    quarter = place_card(session, "qpv", territory_id, code)
    if quarter is None:
        raise NotFound("Quartier", code)
    if not quarter["is_main"]:
        return Page(quarter, None)
    asked = Quarter(territory_id, runtime().settings.territory, code, quarter["vintage"])
    return Page(quarter, dossier_of(session, asked))


def require_dossier(page: Page) -> Dossier:
    """Return the figures of a quarter.

    Raises
    ------
    NotFound
        If it is a neighbour, or nothing was signed of it.
    """
    if page.dossier is None or not page.dossier.table.lines:
        raise NotFound("Portrait chiffré", str(page.quarter["code"]))
    return page.dossier


@bp.get("/quartiers/<code>")
@public
def show(code: str) -> str:
    """Return the portrait of a quarter."""
    page = read_page(code)
    session, dossier = request_session(), page.dossier
    table = dossier.table if dossier else None
    blocks = table.blocks if table else ()
    return render_template(
        "quartiers/show.html",
        quarter=page.quarter,
        blocks=blocks,
        topics=[
            (topic, list(lines))
            for topic, lines in groupby(table.lines if table else (), lambda line: line.topic)
        ],
        profile=dossier.profile if dossier else None,
        doubts=dossier.doubts if dossier else (),
        notes=notes_of(dossier) if dossier else {},
        contract=contract_title(session, served_territory().id),
        sources=sources_of(
            session, code, page.quarter["vintage"], [block.code for block in blocks]
        ),
        words=quartier_words,
    )


def notes_of(dossier: Dossier) -> dict[str, list[str]]:
    """Return the sentences to say beside the figures: `text` gaps, `gaps` that nothing explains."""
    return {
        "text": [
            text_gap_words(reading.line, gap)
            for reading in dossier.profile.readings
            for gap in reading.text_gaps
        ],
        "gaps": [gap_words(gap, dossier.names) for gap in dossier.profile.findings.gaps],
    }


@bp.get("/quartiers/<code>/indicateurs/<key>")
@public
def indicator(code: str, key: str) -> str:
    """Return how a figure of a quarter is reckoned, IRIS by IRIS, with its map."""
    page = read_page(code)
    dossier = require_dossier(page)
    reading = dossier.profile.reading(key)
    if reading is None:
        raise NotFound("Indicateur", key)
    return render_template(
        "quartiers/indicator.html",
        quarter=page.quarter,
        reading=reading,
        profile=dossier.profile,
        order_matters=bool(reading.weighted_vintage is None and dossier.doubts),
        names=dossier.names,
        drawing=drawing_of(code, page.quarter["vintage"], key, reading.blocks, reading.line.unit),
        doubts=[
            doubt.note
            for doubt in doubts_on(
                key, dossier.profile.findings, newest_of(dossier.published), dossier.names
            )
        ],
        text_gaps=[text_gap_words(reading.line, gap) for gap in reading.text_gaps],
        gaps=[
            gap_words(gap, dossier.names) for gap in dossier.profile.findings.gaps if gap.key == key
        ],
        words=quartier_words,
    )


@bp.get("/quartiers/<code>/portrait.csv")
@public
def as_csv(code: str) -> Response:
    """Return the figures of a quarter three ways, for any spreadsheet program."""
    return csv_file(three_ways(require_dossier(read_page(code))), f"portrait-{code}")


@bp.get('/quartiers/<code>/portrait.<any("xlsx", "ods"):way>')
@public
def as_workbook(code: str, way: str) -> Response:
    """Return the figures of a quarter as a workbook: three ways, as signed, as published."""
    return workbook_file(sheets_of(require_dossier(read_page(code))), f"portrait-{code}", way)
