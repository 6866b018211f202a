"""The layers of the map, as GeoJSON made by the database, and the version that makes their ETag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import BBox
from qpvmap.storage.statements import statement

FORM = 2
"""Raised when the shape of the answers changes, so that nobody keeps an old one."""

COLLECTION = """
select json_build_object(
    'type', 'FeatureCollection',
    'features', coalesce(
        json_agg(
            json_build_object(
                'type', 'Feature',
                'id', layer.id,
                'properties', layer.properties,
                'geometry', st_asgeojson(layer.geom, cast(:decimals as integer))::json
            )
            order by layer.id
        ),
        '[]'::json
    )
)::text
from ({layer}) as layer
"""

VERSION = text("""
    select coalesce(string_agg(family || version, ',' order by family), '') from data_version
""")


@dataclass(frozen=True, slots=True)
class MapLayer:
    """A layer that anybody may see: its statement, decimals kept, generation of quarters."""

    sql: str
    decimals: int = 5
    vintage: int | None = None


MAP_LAYERS: Mapping[str, MapLayer] = {
    "communes": MapLayer("communes"),
    "limites": MapLayer("limits"),
    "iris": MapLayer("iris"),
    "qpv-2024": MapLayer("qpv", 6, 2024),
    "qpv-2015": MapLayer("qpv", 6, 2015),
    "bande-300": MapLayer("band"),
    "routes": MapLayer("roads"),
    "equipements": MapLayer("equipment", 6),
    "operations": MapLayer("operations", 6),
    "emprises": MapLayer("emprises", 6),
    "guide": MapLayer("guide", 6),
}


@cache
def _collection(name: str) -> TextClause:
    return text(COLLECTION.format(layer=statement(f"layers/{name}").text))


def layer_geojson(session: Session, key: str, territory_id: int) -> str:
    """Return the layer `key` as a GeoJSON text, EPSG:4326.

    Raises
    ------
    KeyError
        If there is no such layer.
    """
    layer = MAP_LAYERS[key]
    given = {"territory_id": territory_id, "decimals": layer.decimals}
    if layer.vintage is not None:
        given["vintage"] = layer.vintage
    answer: str = session.execute(_collection(layer.sql), given).scalar_one()
    return answer


def data_version(session: Session) -> str:
    """Return a text that changes whenever a layer does."""
    version: str = session.execute(VERSION).scalar_one()
    return f"{FORM};{version}"


@dataclass(frozen=True, slots=True)
class MapView:
    """What the map shows when it opens (`home`), and the territory it stays around (`whole`)."""

    home: BBox
    whole: BBox


def map_view(session: Session, territory_id: int) -> MapView | None:
    """Return where the map of a territory opens, or None while it has no commune."""
    row = session.execute(statement("map_view"), {"territory_id": territory_id}).one_or_none()
    if row is None:
        return None
    return MapView(home=BBox(*row[4:]), whole=BBox(*row[:4]))


def still_plan(session: Session, territory_id: int) -> Sequence[RowMapping]:
    """Return the shapes of the plan shown without a script, the lowest first."""
    found = session.execute(statement("map_plan"), {"territory_id": territory_id})
    return found.mappings().all()
