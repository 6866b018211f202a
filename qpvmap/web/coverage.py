"""What is missing where: who walks how long to each kind of equipment, and from where too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flask import Blueprint, Response, current_app, render_template, request, url_for

from qpvmap.core.coverage import FAR_MINUTES, MINUTES, Coverage, Coverages, gap
from qpvmap.core.errors import NotFound
from qpvmap.outputs import geojson
from qpvmap.storage.coverage import coverage_of, far_grounds, walked_coverage
from qpvmap.storage.desk import commune_names
from qpvmap.storage.equipment import Wanted, equipment_of
from qpvmap.storage.layers import data_version
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.coverage_files import places_table, themes_table
from qpvmap.web.coverage_words import BANDS, method_words, population_words, reckoned_words
from qpvmap.web.downloads import csv_file, workbook_file
from qpvmap.web.map_data import answer
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("coverage", __name__, url_prefix="/equipements")

CACHE = "qpvmap_coverage"
SOUGHT = tuple(theme for theme in map_words.THEMES if theme != "public-space")
"""Themes that a quarter is expected to have."""
FILE = "ce-qui-manque-ou"
ZONES = "qpvmap_zones"
CHART_WIDTH = 340.0
CHART_ROW = 58


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: where its parts begin and end, and what it says."""

    name: str
    parts: Sequence[tuple[float, float]]
    words: str


@bp.get("/couverture")
@public
def page() -> str:
    """Return which part of the residents has each kind of equipment within a walk."""
    session, territory = request_session(), served_territory()
    found = kept_coverage()
    names = commune_names(session, [territory.id])
    themes = themes_of(found)
    chosen = request.args.get("theme", "")
    chosen = chosen if chosen in themes else (themes[0] if themes else "")
    return render_template(
        "equipements/coverage.html",
        found=found,
        themes=themes,
        chosen=chosen,
        choices=[(theme, map_words.THEMES.get(theme, theme)) for theme in themes],
        gaps={t: gap(found.quarter.get(t), found.around.get(t)) for t in themes},
        places_of=places_of(found, names, chosen),
        chart=[(theme, bars_of(found, theme)) for theme in themes],
        row=CHART_ROW,
        minutes=MINUTES,
        far=FAR_MINUTES[0],
        bands=BANDS,
        absent=[map_words.THEMES[key] for key in SOUGHT if key not in themes],
        places=equipment_of(session, territory.id, Wanted(chosen)) if chosen else [],
        words=map_words,
        method=method_words(found),
        population=population_words(found),
        reckoned=reckoned_words(found),
        zones_url=url_for("coverage.zones", theme=chosen) if found.reckoned else "",
        middle=territory.center,
    )


@bp.get('/couverture.<any("csv", "xlsx", "ods"):form>')
@public
def export(form: str) -> Response:
    """Return the same figures as a file: by theme and place; in a workbook, how they came too.

    Raises
    ------
    NotFound
        If there is nothing to compare yet.
    """
    found = kept_coverage()
    themes = themes_of(found)
    if not themes:
        raise NotFound("Tableau", "Ce qui manque où")
    names = commune_names(request_session(), [served_territory().id])
    table = themes_table(found, themes, names)
    if form == "csv":
        return csv_file(table, FILE)
    return workbook_file([table, places_table(found)], FILE, form)


@bp.get("/couverture/zones.geojson")
@public
def zones() -> Response:
    """Return the grounds from which one walks too long to a theme: distances, never people."""
    theme = request.args.get("theme", "")
    if theme not in map_words.THEMES:
        raise NotFound("Thème", theme)
    return answer(kept_zones(theme), geojson.MEDIA_TYPE, "public, no-cache")


def themes_of(found: Coverages) -> list[str]:
    """Return the themes of which somebody has a place within a walk, in the order of every list.

    A theme that nobody has is far likelier not imported than missing from whole towns: shown as
    0 %, it would be read as a fact.
    """
    order = {theme: rank for rank, theme in enumerate(map_words.THEMES)}
    known = [theme for theme, own in found.around.items() if own.within[-1] > 0]
    return sorted(known, key=lambda theme: (order.get(theme, len(order)), theme))


def places_of(
    found: Coverages, names: Mapping[str, str], theme: str
) -> list[tuple[str, Coverage | None]]:
    """Return the coverage of a theme in the quarter, in each commune, and in them together."""
    return [
        ("Quartier", found.quarter.get(theme)),
        *(
            (names[code], found.communes[code].get(theme))
            for code in names
            if code in found.communes
        ),
        ("Communes ensemble", found.around.get(theme)),
    ]


def bars_of(found: Coverages, theme: str) -> list[Bar]:
    """Return the bars of a theme: the quarter, then the communes together."""
    pairs = (("Quartier", found.quarter.get(theme)), ("Communes", found.around.get(theme)))
    return [bar_of(name, own) for name, own in pairs if own is not None]


def bar_of(name: str, own: Coverage) -> Bar:
    """Return a bar in as many parts as there are `MINUTES`."""
    ends = [0.0, *(round(share * CHART_WIDTH, 1) for share in own.within)]
    said = ", ".join(
        f"{share:.0%} à {minutes} min".replace("%", "\u00a0%")
        for minutes, share in zip(MINUTES, own.within, strict=True)
    )
    return Bar(name, list(pairwise(ends)), said)


def kept_coverage() -> Coverages:
    """Return the walks as they were last reckoned, else measured now in a straight line.

    So are straight lines that changed since. Either is kept until any data changes: a page never
    follows the streets itself.
    """
    session, territory_id = request_session(), served_territory().id
    version = (territory_id, data_version(session))
    kept: tuple[object, Coverages] | None = current_app.extensions.get(CACHE)
    if kept and kept[0] == version:
        return kept[1]
    found = walked_coverage(session, territory_id)
    if found is None or (found.method == "straight" and found.is_stale):
        found = coverage_of(session, territory_id)
    current_app.extensions[CACHE] = (version, found)
    return found


def kept_zones(theme: str) -> str:
    """Return the far grounds of a theme as GeoJSON, made again only when the data changed."""
    session, territory_id = request_session(), served_territory().id
    version = data_version(session)
    kept = current_app.extensions.setdefault(ZONES, {})
    known: tuple[str, str] | None = kept.get((territory_id, theme))
    if known is None or known[0] != version:
        known = (version, far_grounds(session, territory_id, theme))
        kept[territory_id, theme] = known
    return known[1]
