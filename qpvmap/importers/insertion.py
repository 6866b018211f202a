"""Insertion clauses out of the spreadsheet that a planner keeps. Columns about people stay out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qpvmap.core.french import plural, quoted
from qpvmap.core.insertion import (
    COUNTS,
    Clause,
    is_personal_column,
    merged,
    names_somebody,
)
from qpvmap.importers.cleaning import QPV_CODE, count, number, text
from qpvmap.importers.fields import bare
from qpvmap.importers.report import FileRefused, Refusal, RowRefused
from qpvmap.importers.sheets import Cells, read_table, year_of

MAX_WORDS = 200
YES, NO = {"oui", "o", "x", "1", "vrai"}, {"non", "n", "0", "faux", "hors", "horsqpv"}
TOTALS = ("total", "soustotal", "ensemble")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "year": ("annee", "exercice", "an", "periode", "anneederealisation"),
    "insee_code": ("commune", "ville", "codeinsee", "insee", "codecommune"),
    "body": (
        "maitredouvrage",
        "moa",
        "donneurdordre",
        "donneurdordres",
        "acheteur",
        "organisme",
        "collectivite",
        "pouvoiradjudicateur",
        "maitriseouvrage",
    ),
    "site": (
        "operation",
        "chantier",
        "site",
        "marche",
        "projet",
        "operationousite",
        "operationouchantier",
        "nomduchantier",
        "nomdeloperation",
        "intituledumarche",
        "intitule",
    ),
    "qpv_code": ("qpv", "quartier", "codeqpv", "quartierprioritaire"),
    "hours_planned": (
        "heuresprevues",
        "heuresprevisionnelles",
        "heuresengagees",
        "heuresobjectif",
        "objectifdheures",
        "heuresprevuesaumarche",
    ),
    "hours_done": (
        "heuresrealisees",
        "heureseffectuees",
        "heures",
        "heuresdinsertion",
        "heuresdinsertionrealisees",
        "nombredheures",
    ),
    "contracts": ("contrats", "nombredecontrats", "nbcontrats", "contratssignes"),
    "people": (
        "personnes",
        "nombredepersonnes",
        "nbpersonnes",
        "beneficiaires",
        "nombredebeneficiaires",
        "personnestotal",
        "personnesensemble",
    ),
    "people_qpv": (
        "donthabitantsduquartier",
        "dontqpv",
        "personnesqpv",
        "personnesdontqpv",
        "personnesduqpv",
        "personnesdontduquartier",
        "beneficiairesqpv",
        "dontresidentsqpv",
        "donthabitantsqpv",
        "habitantsqpv",
    ),
}
"""Names of the columns that are looked for, without case or accents."""

WANTED = ("year", "insee_code", "body", "site")
WORDS: Mapping[str, str] = {
    "year": "Année",
    "insee_code": "Commune",
    "body": "Maître d’ouvrage",
    "site": "Opération ou chantier",
    "qpv_code": "QPV",
    **COUNTS,
}
"""Headers of the model and of exports, which the importer reads back."""

KNOWN = {bare(name) for names in FIELDS.values() for name in names} | {
    bare(words) for words in WORDS.values()
}


@dataclass(frozen=True)
class Places:
    """The communes of a territory by code and by name (`bare`), and the codes of its quarters."""

    communes: Mapping[str, str]
    quarters: Sequence[str]


@dataclass
class ParsedClauses:
    """What a spreadsheet gives: clauses, one a site and year, and what to say of the rest."""

    clauses: list[Clause] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def parse_clauses(name: str, content: bytes, places: Places) -> ParsedClauses:
    """Return the clauses of a spreadsheet.

    Raises
    ------
    FileRefused
        If it cannot be read, or lacks a column without which a line says nothing.
    """
    table = read_table(name, content, KNOWN.__contains__)
    at = columns_of(table.columns)
    missing = [WORDS[role] for role in WANTED if role not in at]
    if missing:
        raise FileRefused(f"{name} : il manque {', '.join(map(quoted, missing))}.")
    found = ParsedClauses(notes=column_notes(table.columns, at))
    totals = 0
    for number_, cells in table.rows:
        if is_total(cells, at):
            totals += 1
            continue
        try:
            found.clauses.append(read_line(cells, at, places))
        except RowRefused as refusal:
            found.refused.append(Refusal(number_, label_of(cells, at), str(refusal)))
    if totals:
        found.notes.append(f"{plural(totals, 'ligne')} de total : laissées de côté.")
    summed = merged(found.clauses)
    if len(summed) < len(found.clauses):
        found.notes.append(
            f"{plural(len(found.clauses), 'ligne')} pour {plural(len(summed), 'chantier')} et "
            "année : celles d’un même chantier et d’une même année sont additionnées."
        )
    found.clauses = summed
    return found


def columns_of(columns: Sequence[str]) -> dict[str, int]:
    """Return where each role is; the first column that bears one of its names."""
    by_name: dict[str, int] = {}
    for position, column in enumerate(columns):
        by_name.setdefault(bare(column), position)
    found = {}
    for role, names in FIELDS.items():
        known = [by_name[n] for n in (bare(WORDS[role]), *names) if n in by_name]
        if known:
            found[role] = known[0]
    return found


def column_notes(columns: Sequence[str], at: Mapping[str, int]) -> list[str]:
    """Return what is said of the columns that are not read."""
    left = [(c, bare(c)) for n, c in enumerate(columns) if c and n not in at.values()]
    personal = [column for column, name in left if is_personal_column(name)]
    others = [column for column, name in left if not is_personal_column(name)]
    notes = []
    if personal:
        notes.append(
            "Colonnes qui peuvent parler d’une personne, jamais lues ni gardées : "
            f"{', '.join(map(quoted, personal))}."
        )
    if others:
        notes.append(f"Colonnes laissées de côté : {', '.join(map(quoted, others))}.")
    return notes


def cell_of(cells: Cells, at: Mapping[str, int], role: str) -> Any:
    """Return the cell of a role; None when the row or the table has none."""
    position = at.get(role)
    return cells[position] if position is not None and position < len(cells) else None


def is_total(cells: Cells, at: Mapping[str, int]) -> bool:
    """Return whether a line is the sum of others."""
    heads = [bare(text(cell_of(cells, at, role))) for role in WANTED]
    return any(head.startswith(TOTALS) for head in heads)


def label_of(cells: Cells, at: Mapping[str, int]) -> str:
    """Return how a refused line is called; never a text that may name somebody."""
    label = text(cell_of(cells, at, "site"))[:60]
    return "" if names_somebody(label) else label


def read_line(cells: Cells, at: Mapping[str, int], places: Places) -> Clause:
    """Return the clause of a line.

    Raises
    ------
    RowRefused
        With what is wrong with it.
    """
    values = {role: read(cell_of(cells, at, role), places) for role, read in READERS.items()}
    return Clause(**values)


def read_typed(typed: Mapping[str, str], places: Places) -> tuple[Clause | None, dict[str, str]]:
    """Return the clause that a form gives by role, and a French fault for each that is wrong."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for role, read in READERS.items():
        try:
            values[role] = read(typed.get(role, ""), places)
        except RowRefused as refusal:
            words = str(refusal)
            faults[role] = f"{words[:1].upper()}{words[1:]}."
    return (None, faults) if faults else (Clause(**values), {})


def clause_year(cell: Any, _: Places) -> int:
    """Return the year of a line, which there must be."""
    year = year_of(cell)
    if year is None:
        raise RowRefused("l’année est absente ou illisible : écrivez par exemple 2024")
    return year


def words_of(cell: Any, what: str) -> str:
    """Return a text that names a body or a site."""
    written = text(cell)
    if not written:
        raise RowRefused(f"{quoted(what)} manque : écrivez-le")
    if len(written) > MAX_WORDS:
        raise RowRefused(f"{quoted(what)} dépasse {MAX_WORDS} caractères")
    if names_somebody(written):
        raise RowRefused(f"{quoted(what)} semble nommer une personne : gardez le lieu ou le marché")
    return written


def commune_of(cell: Any, places: Places) -> str:
    """Return the code of a commune of the territory."""
    written = bare(text(cell))
    if not written:
        raise RowRefused("la commune est absente : dites laquelle")
    code = places.communes.get(written)
    if code is None:
        raise RowRefused(f"commune « {text(cell)[:40]} » : elle n’est pas du territoire")
    return code


def quarter_of(cell: Any, places: Places) -> str:
    """Return the code of the quarter of a line; empty when in none or when nothing is said."""
    written = text(cell)
    if QPV_CODE.fullmatch(written.upper()):
        return written.upper()
    if bare(written) in YES and len(places.quarters) == 1:
        return places.quarters[0]
    if not written or bare(written) in NO:
        return ""
    raise RowRefused(f"quartier « {written[:40]} » : écrivez son code, oui ou non")


def hours_of(cell: Any, role: str) -> float | None:
    """Return a number of hours."""
    written = text(cell)
    if written[-1:].lower() == "h":
        written = written[:-1]
    hours = _read(number, written, role)
    if hours is not None and hours < 0:
        raise RowRefused(f"{quoted(WORDS[role])} : un nombre d’heures ne peut être négatif")
    return round(hours, 2) if hours is not None else None


def people_of(cell: Any, role: str) -> int | None:
    """Return a whole number of contracts or people."""
    found: int | None = _read(count, text(cell), role)
    return found


def _read(reader: Any, written: str, role: str) -> Any:
    try:
        return reader(written)
    except RowRefused as refusal:
        raise RowRefused(f"{quoted(WORDS[role])} : {refusal}") from None


READERS: Mapping[str, Callable[[Any, Places], Any]] = {
    "site": lambda cell, _: words_of(cell, WORDS["site"]),
    "year": clause_year,
    "insee_code": commune_of,
    "body": lambda cell, _: words_of(cell, WORDS["body"]),
    "qpv_code": quarter_of,
    "hours_planned": lambda cell, _: hours_of(cell, "hours_planned"),
    "hours_done": lambda cell, _: hours_of(cell, "hours_done"),
    "contracts": lambda cell, _: people_of(cell, "contracts"),
    "people": lambda cell, _: people_of(cell, "people"),
    "people_qpv": lambda cell, _: people_of(cell, "people_qpv"),
}
"""How each role is read, out of a file or out of a form: neither says what the other refuses."""
