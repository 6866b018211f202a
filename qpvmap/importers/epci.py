"""Groupings of communes (EPCI, EPT): outlines, or the plain list of members."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qpvmap.importers import fields
from qpvmap.importers.cleaning import insee_code, insee_codes, name, siren, text
from qpvmap.importers.gathering import Fields, Options, Parsed
from qpvmap.importers.polygons import PolygonKind, parse_polygons
from qpvmap.importers.reading import Layer, read_records, sha256_of
from qpvmap.storage.imports import EPCI


def make(row: Fields) -> dict[str, Any]:
    """Return a grouping; members come as a text of codes or as a list of objects."""
    return {
        "siren": siren(row["siren"]),
        "name": name(row["name"]),
        "kind": text(row.get("kind")) or None,
        "insee_codes": _members(row.get("insee_codes")) or None,
    }


def _members(value: Any) -> list[str]:
    if not isinstance(value, list):
        return insee_codes(value)
    codes = (item.get("code") if isinstance(item, Mapping) else item for item in value)
    return sorted({insee_code(code) for code in codes})


KIND = PolygonKind(
    key="epci",
    target=EPCI,
    fields=fields.EPCI,
    required=("siren", "name"),
    make=make,
    title="Intercommunalités et leurs communes",
    producer="Insee et Banatic",
    outline_required=False,
)


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the groupings of a layer."""
    return parse_polygons(KIND, layer, options)


def read_list(path: Path) -> Layer:
    """Return a JSON list of groupings, which has no outlines, as a layer."""
    records = read_records(path)
    columns = sorted({str(key) for record in records for key in record})
    rows = [{column: record.get(column) for column in columns} for record in records]
    nothing = np.full(len(rows), None, dtype=object)
    return Layer(path, "", columns, rows, nothing, sha256_of(path))
