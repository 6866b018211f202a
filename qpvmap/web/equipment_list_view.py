"""The page of a list that was sent: what its columns may be, what was chosen, what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from qpvmap.core.equipment_lists import (
    CATEGORIES,
    FIRST_YEAR,
    LAST_YEAR,
    LEFT_OUT,
    NAME_MAX,
    ROLES,
    Choices,
    ListFate,
    Outcome,
    RowOutcome,
    choices_of,
)
from qpvmap.importers.cleaning import slug, text
from qpvmap.importers.place_lists import (
    GridSheet,
    ReadList,
    columns_of,
    read_list,
    sheets_of,
    titles_of,
)
from qpvmap.opening import week_of
from qpvmap.outputs.spreadsheet import Table, fitted
from qpvmap.storage.models import EquipmentList

SHOWN = 10
"""Rows of a list that are shown as they are understood."""
FAULTS_SHOWN = 50
MEANINGS_MAX = 60
SAMPLE_MAX = 40
FATE_WORDS: Mapping[ListFate, str] = {
    ListFate.REVIEW: "À revoir",
    ListFate.REFUSED: "Refusés",
    ListFate.DUPLICATE: "En double",
    ListFate.CREATED: "Créés",
    ListFate.CHANGED: "Modifiés",
    ListFate.UNCHANGED: "Inchangés",
}
"""What became of rows, in words; what is to be done comes first."""
FATE_WORD: Mapping[ListFate, str] = {
    ListFate.CREATED: "créé",
    ListFate.CHANGED: "modifié",
    ListFate.UNCHANGED: "inchangé",
    ListFate.REVIEW: "à revoir",
    ListFate.REFUSED: "refusé",
    ListFate.DUPLICATE: "en double",
}
REPORT_HEAD = ("Ligne", "Nom", "Résultat", "Pourquoi", "Adresse", "Adresse trouvée", "Sûreté (%)")
MODEL_ROW = (
    "Gymnase Exemple",
    "1 rue de l’Exemple",
    "92220",
    "Bagneux",
    "Sport",
    "Mo-Fr 09:00-18:00",
    "oui",
    "120",
    "",
    "",
    "GYM-01",
)
NO_NAME = "Donnez un nom à cette liste."
NO_YEAR = "Donnez l’année de la liste, par exemple 2026."
NO_NAME_COLUMN = "Dites quelle colonne porte le nom des lieux."
NO_PLACE_COLUMN = "Dites quelle colonne porte l’adresse, ou la latitude et la longitude."


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list as its page shows it: what was chosen, what may be, what it says so."""

    choices: Choices
    sheets: Sequence[tuple[int, str]]
    columns: Sequence[tuple[int, str]]
    read: ReadList
    meanings: Sequence[tuple[str, str, str]]


def shown_list(
    row: EquipmentList, communes: Mapping[str, str], choices: Choices | None = None
) -> ShownList:
    """Return a list as its choices read it."""
    sheets = sheets_of(row.content or {"sheets": []})
    chosen = choices or choices_of(row.choices)
    sheet = sheets[min(chosen.sheet, len(sheets) - 1)]
    read = read_list(sheet, chosen, list(communes.items()), "")
    known = [(word, word.capitalize(), meaning) for word, meaning in chosen.meanings.items()]
    unknown = [(word, told, "") for word, told in read.unknown.items()]
    return ShownList(
        choices=chosen,
        sheets=[(at, one.name) for at, one in enumerate(sheets)],
        columns=column_choices(sheet, chosen.header),
        read=read,
        meanings=[*unknown, *known][:MEANINGS_MAX],
    )


def hours_shown(read: ReadList, now: datetime) -> dict[int, str]:
    """Return the hours of the rows that are shown, in words, by their number."""
    weeks = (
        (row.number, week_of(row.values["opening_hours"] or "", now)) for row in read.rows[:SHOWN]
    )
    return {number: week.words for number, week in weeks if week}


def column_choices(sheet: GridSheet, header: int) -> list[tuple[int, str]]:
    """Return the columns of a sheet: letter, title, and what the first row holds."""
    titles = titles_of(sheet, header)
    below = [cells for line, cells in sheet.grid if line > header][:SHOWN]
    width = max([len(titles), *map(len, below)], default=0)
    found = []
    for at in range(width):
        title = titles[at] if at < len(titles) else ""
        sample = next((text(cells[at]) for cells in below if at < len(cells) and cells[at]), "")
        if title or sample:
            words = f"{letter(at)}\u00a0· {title or 'sans titre'}"
            short = sample if len(sample) <= SAMPLE_MAX else f"{sample[: SAMPLE_MAX - 1]}…"
            found.append((at, f"{words} ({short})" if short else words))
    return found


def letter(at: int) -> str:
    """Return the letters of a column, as a spreadsheet shows them."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def choices_sent(row: EquipmentList, communes: Mapping[str, str]) -> tuple[Choices, dict[str, str]]:
    """Return what the form says of a list, and what is wrong with it.

    Another sheet or row of titles has other columns: they are recognised again.
    """
    form, before = request.form, choices_of(row.choices)
    sheets = sheets_of(row.content or {"sheets": []})
    at = min(_number(form.get("feuille"), before.sheet), len(sheets) - 1)
    lines = [line for line, _ in sheets[at].grid]
    header = _number(form.get("titres"), before.header)
    if at != before.sheet or header not in lines:
        header = before.header if at == before.sheet else lines[0]
    moved = (at, header) != (before.sheet, before.header)
    commune = form.get("commune", "")
    category = form.get("categorie", "")
    chosen = replace(
        before,
        name=" ".join(form.get("liste", "").split() or form.get("nom", "").split())[:NAME_MAX],
        vintage=_number(form.get("annee"), 0),
        sheet=at,
        header=header,
        columns=columns_of(titles_of(sheets[at], header)) if moved else _columns(form),
        commune=commune if commune in communes else "",
        category=category if category in CATEGORIES else before.category,
        meanings=_meanings(form),
    )
    return chosen, faults_of(chosen)


def _columns(form: MultiDict[str, str]) -> dict[str, int]:
    told = {role: form.get(f"col-{role}", "") for role in ROLES}
    return {role: int(at) for role, at in told.items() if at.isascii() and at.isdigit()}


def _meanings(form: MultiDict[str, str]) -> dict[str, str]:
    words = zip(form.getlist("mot"), form.getlist("sens"), strict=False)
    known = {*CATEGORIES, LEFT_OUT}
    return {word[:100]: meaning for word, meaning in words if meaning in known}


def _number(told: str | None, fallback: int) -> int:
    return int(told) if told and told.isascii() and told.isdigit() and len(told) < 8 else fallback


def faults_of(choices: Choices) -> dict[str, str]:
    """Return what keeps a list from being written, by field."""
    columns = choices.columns
    placed = "address" in columns or {"lat", "lon"} <= columns.keys()
    wrong = {
        "nom": NO_NAME if not slug(choices.name) else "",
        "annee": "" if FIRST_YEAR <= choices.vintage <= LAST_YEAR else NO_YEAR,
        "col-name": "" if "name" in columns else NO_NAME_COLUMN,
        "col-address": "" if placed else NO_PLACE_COLUMN,
    }
    return {field: words for field, words in wrong.items() if words}


def category_choices() -> list[tuple[str, str]]:
    """Return what a word of a list may mean, in words."""
    return [(key, words) for key, (words, _, _) in CATEGORIES.items()]


def report_table(outcome: Outcome) -> Table:
    """Return the report of a list as a table."""
    order = {fate: rank for rank, fate in enumerate(FATE_WORDS)}
    rows = sorted(outcome.rows, key=lambda row: (order[row.fate], row.number))
    return fitted("Rapport", REPORT_HEAD, [_report_row(row) for row in rows])


def _report_row(row: RowOutcome) -> list[Any]:
    sure = None if row.score is None else round(row.score * 100)
    return [row.number, row.name, FATE_WORD[row.fate], row.why, row.address, row.label, sure]


def model_table() -> Table:
    """Return an empty list, with one row that shows how to fill it."""
    return fitted("Équipements", list(ROLES.values()), [MODEL_ROW])
