"""How the columns of a published table become indicators: `geodata/mappings/*.toml`."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from qpvmap.resources import resource_dir


@cache
def mappings() -> Sequence[Mapping[str, Any]]:
    """Return the mapping files that ship with the application."""
    files = sorted((resource_dir("geodata") / "mappings").glob("*.toml"))
    return [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]


def mapping_for(columns: Iterable[str]) -> Mapping[str, Any] | None:
    """Return the mapping that recognises a table by its columns, if one does."""
    present = set(columns)
    return next((m for m in mappings() if set(m["recognised_by"]) <= present), None)
