"""IRIS: INSEE's statistical blocks, as IGN and INSEE publish them (Contours...IRIS)."""

from typing import Any

from qpvmap.importers import fields
from qpvmap.importers.cleaning import insee_code, iris_code, name, text
from qpvmap.importers.gathering import Fields, Options, Parsed
from qpvmap.importers.polygons import PolygonKind, parse_polygons
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import RowRefused
from qpvmap.storage.imports import IRIS


def make(row: Fields) -> dict[str, Any]:
    """Return an IRIS; its code begins with its commune's."""
    code = iris_code(row["code"])
    commune = insee_code(row["insee_code"]) if text(row.get("insee_code")) else code[:5]
    if not code.startswith(commune):
        raise RowRefused(f"l’IRIS {code} n’est pas de la commune {commune}")
    return {
        "code": code,
        "name": name(row["name"]),
        "kind": text(row.get("kind")),
        "insee_code": commune,
    }


KIND = PolygonKind(
    key="iris",
    target=IRIS,
    fields=fields.IRIS,
    required=("code", "name"),
    make=make,
    title="Contours des IRIS",
    producer="IGN et Insee",
)


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the IRIS of a layer."""
    return parse_polygons(KIND, layer, options)
