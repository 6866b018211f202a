"""Which edition (vintage, a year) the rows of a file belong to."""

import re
from pathlib import Path
from typing import Any

from qpvmap.importers.cleaning import count, text
from qpvmap.importers.report import ChoiceNeeded, RowRefused

FIRST, LAST = 1990, 2100
QPV_GENERATIONS = {"QP": 2015, "QN": 2024}
"""The first letters of a quarter's code tell its generation."""


def check_vintage(year: int) -> int:
    """Return a year that an edition can have.

    Raises
    ------
    RowRefused
        If it is out of range.
    """
    if not FIRST <= year <= LAST:
        raise RowRefused(f"édition {year} : une année entre {FIRST} et {LAST} est attendue")
    return year


def vintage_of(value: Any, asked: int | None, fallback: int | None = None) -> int | None:
    """Return the edition of a row: the one it names, else the one asked for, else `fallback`.

    Raises
    ------
    RowRefused
        If the row names another edition than the one asked for.
    """
    named = _named(value)
    if named is not None and asked is not None and named != asked:
        raise RowRefused(f"la ligne est de l’édition {named}, et {asked} est demandée")
    return named or asked or fallback


def _named(value: Any) -> int | None:
    written = text(value)[:4]
    return check_vintage(count(written) or 0) if written.isdigit() else None


def ask_for_vintage(path: Path) -> ChoiceNeeded:
    """Return the refusal of a file that does not say its edition, with a hint from its name."""
    hint = year_in(path.stem)
    example = hint or 2024
    why = f" (son nom fait penser à {hint})" if hint else ""
    return ChoiceNeeded(
        f"{path.name} ne dit pas de quelle édition il est{why}. "
        f"Précisez l’année : --vintage {example}."
    )


def year_in(name: str) -> int | None:
    """Return the only plausible year written in a file's name."""
    years = {int(y) for y in re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", name)}
    plausible = [year for year in years if FIRST <= year <= LAST]
    return plausible[0] if len(plausible) == 1 else None
