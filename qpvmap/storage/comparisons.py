"""What indicators mean and what a contract's text says, from the data shipped with the application.

`geodata/comparisons.toml` serves every territory, `geodata/contracts/<code>.toml` is one's own.
"""

import tomllib
from collections.abc import Mapping
from functools import cache

from qpvmap.core.profiles import Contract, Definition, Statement
from qpvmap.resources import resource_dir

NO_TEXT = Contract()


@cache
def definitions() -> Mapping[str, Definition]:
    """Return what is known of each indicator of a contract's table, by key."""
    told = (resource_dir("geodata") / "comparisons.toml").read_text(encoding="utf-8")
    return {
        row["key"]: Definition(**{**row, "official": tuple(row.get("official", ()))})
        for row in tomllib.loads(told)["lines"]
    }


@cache
def contract_text(territory_code: str) -> Contract:
    """Return what the contract of a territory says besides its table; nothing if none is known."""
    path = resource_dir("geodata") / "contracts" / f"{territory_code}.toml"
    if not path.is_file():
        return NO_TEXT
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Contract(
        national={row["key"]: row["value"] for row in told.get("national", ())},
        statements=tuple(Statement(**row) for row in told.get("statements", ())),
    )
