"""The official figures shipped with the application, read through the mapping of their columns."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qpvmap.resources import resource_dir
from qpvmap.storage.imports import Row
from qpvmap.storage.mappings import mapping_for

AFTER_THE_CONTRACT = 100
"""Official indicators come after those of the contract's tables, which count from 1."""


def read_official_figures(file: str) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the indicators of a shipped table of official figures, and their values.

    Raises
    ------
    ValueError
        If no mapping of geodata recognises its columns.
    """
    with (resource_dir("geodata") / file).open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines, delimiter=";"))
    mapping = mapping_for(table[0])
    if mapping is None:
        raise ValueError(f"no mapping for {file}")
    return list(_indicators(mapping)), [
        _value(mapping, row[mapping["place_column"]], told, row[column])
        for row in table
        for column, told in mapping["columns"].items()
        if column in row
    ]


def _indicators(mapping: Mapping[str, Any]) -> Iterator[Row]:
    seen: dict[str, Mapping[str, Any]] = {}
    for told in mapping["columns"].values():
        seen.setdefault(told["key"], told)
    for position, (key, told) in enumerate(seen.items(), start=AFTER_THE_CONTRACT):
        yield {
            "key": key,
            "title": told.get("title"),
            "unit": told.get("unit"),
            "source": mapping["producer"],
            "topic": told.get("topic"),
            "position": position,
        }


def _value(mapping: Mapping[str, Any], code: str, told: Mapping[str, Any], figure: str) -> Row:
    known = figure.strip()
    return {
        "series": mapping["series"],
        "indicator_key": told["key"],
        "place_kind": mapping["place_kind"],
        "place_code": code,
        "vintage": told["vintage"],
        "value": float(known.replace(",", ".")) if known else None,
        "suppressed": not known,
    }
