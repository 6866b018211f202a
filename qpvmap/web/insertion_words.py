"""A line of insertion as one would type it."""

from typing import Any

from qpvmap.core.insertion import Clause
from qpvmap.importers.insertion import WORDS


def typed_clause(clause: Clause) -> dict[str, str]:
    """Return each field of a clause as one would type it."""
    return {role: typed_value(getattr(clause, role)) for role in WORDS}


def typed_value(value: Any) -> str:
    """Return a value as French type it; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",")
    return str(value)
