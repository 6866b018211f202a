"""Communes: IGN's Admin Express, or any layer of their outlines."""

from typing import Any

from qpvmap.importers import fields
from qpvmap.importers.cleaning import count, insee_code, name
from qpvmap.importers.gathering import Fields, Options, Parsed
from qpvmap.importers.polygons import PolygonKind, parse_polygons
from qpvmap.importers.reading import Layer
from qpvmap.storage.imports import COMMUNE


def make(row: Fields) -> dict[str, Any]:
    """Return a commune; its population is None when the file has none."""
    return {
        "insee_code": insee_code(row["insee_code"]),
        "name": name(row["name"]),
        "population": count(row.get("population")),
    }


KIND = PolygonKind(
    key="communes",
    target=COMMUNE,
    fields=fields.COMMUNES,
    required=("insee_code", "name"),
    make=make,
    title="Contours des communes",
    producer="IGN",
)


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the communes of a layer."""
    return parse_polygons(KIND, layer, options)
