"""Figures by place, CSV or workbook: INSEE's Filosofi by IRIS, and others through a mapping file.

A mapping (`geodata/mappings/*.toml`) tells which indicator each column is. Filosofi needs none:
its columns carry their meaning and year (`DISP_TP6021`), and its dictionary (`meta_…csv`, beside
it or imported alone) carries their titles. What is withheld is `suppressed`, never 0.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qpvmap.importers.cleaning import QPV_CODE, insee_code, iris_code, number, qpv_code, siren, text
from qpvmap.importers.editions import ask_for_vintage, check_vintage
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import Batch, Draft, Options, Parsed, source_of, without_duplicates
from qpvmap.importers.published_books import is_book, read_book_table
from qpvmap.importers.report import FileRefused, ImportReport, Refusal, RowRefused
from qpvmap.importers.tables import CsvTable, read_csv
from qpvmap.storage.imports import INDICATOR, INDICATOR_VALUE, Row, Target
from qpvmap.storage.mappings import mapping_for

FILOSOFI_COLUMN = re.compile(r"(DISP|DEC)_([A-Z0-9]+?)(\d\d)")
NOT_FIGURES = ("INCERT", "NOTE")
"""Filosofi's remarks on its own precision."""

FILOSOFI_TITLE = "Filosofi : revenus et pauvreté"
PLACES: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "iris": ("iris", iris_code),
    "codeiris": ("iris", iris_code),
    "dcomiris": ("iris", iris_code),
    "codgeo": ("commune", insee_code),
    "inseecom": ("commune", insee_code),
    "codeinsee": ("commune", insee_code),
    "qp": ("qpv", qpv_code),
    "codeqp": ("qpv", qpv_code),
    "siren": ("epci", siren),
}
"""Column that names the place: the kind of place, and how its code is read."""

READ_CODE = dict(PLACES.values())


@dataclass(frozen=True)
class Measure:
    """An indicator in a column of a file."""

    column: str
    key: str
    vintage: int
    title: str | None = None
    unit: str | None = None
    topic: str | None = None


@dataclass(frozen=True)
class Plan:
    """How a table is read: whose figures, of which places, column by column."""

    series: str
    place_kind: str
    place_column: str
    measures: Sequence[Measure]
    title: str
    producer: str


def parse(path: Path, options: Options, layer: str | None = None) -> Parsed:
    """Return the figures of a table, or the titles of a Filosofi dictionary.

    `layer` is the sheet of a workbook.

    Raises
    ------
    FileRefused
        If the table is none of those known.
    """
    table = read_book_table(path, is_known, layer) if is_book(path) else read_csv(path)
    if {"COD_VAR", "LIB_VAR"} <= set(table.columns):
        return parse_dictionary(table)
    return parse_values(table, plan_of(table, options), options)


def is_known(columns: Sequence[str]) -> bool:
    """Return whether columns are those of figures that can be read."""
    if mapping_for(columns) is not None:
        return True
    return any(bare(one) in PLACES for one in columns) and bool(filosofi_measures(columns))


def plan_of(table: CsvTable, options: Options) -> Plan:
    """Return how to read a table: by its mapping, or as Filosofi."""
    mapping = mapping_for(table.columns)
    if mapping is not None:
        return mapped_plan(mapping, table, options)
    place = next((column for column in table.columns if bare(column) in PLACES), None)
    measures = filosofi_measures(table.columns)
    if place is None or not measures:
        known = ", ".join(sorted({*PLACES}))
        raise FileRefused(
            f"{table.file.name} : indicateurs non reconnus. Il faut une colonne de lieu ({known}) "
            "et des colonnes de Filosofi (DISP_MED21…), ou un fichier de correspondance dans "
            "geodata/mappings."
        )
    if options.vintage is not None and any(m.vintage != options.vintage for m in measures):
        raise FileRefused(
            f"{table.file.name} est de l’édition {measures[0].vintage}, "
            f"et {options.vintage} est demandée."
        )
    kind = kind_of(place, table)
    measures = with_titles(measures, table.file)
    return Plan("filosofi", kind, place, measures, FILOSOFI_TITLE, "Insee, Filosofi")


def kind_of(column: str, table: CsvTable) -> str:
    """Return what kind of place a column names; INSEE's CODGEO is also that of quarters."""
    first = next((cell for cell in table.column(column) if cell.strip()), "")
    return "qpv" if QPV_CODE.fullmatch(first.strip().upper()) else PLACES[bare(column)][0]


def mapped_plan(mapping: Mapping[str, Any], table: CsvTable, options: Options) -> Plan:
    """Return the plan that a mapping file describes, for the columns that the table has.

    Raises
    ------
    ChoiceNeeded
        If neither the mapping nor the operator says of which edition a column is.
    """
    told_by_column = {c: told for c, told in mapping["columns"].items() if c in table.columns}
    if options.vintage is None and any("vintage" not in told for told in told_by_column.values()):
        raise ask_for_vintage(table.file)
    measures = [
        Measure(column=column, **{"vintage": options.vintage, **told})
        for column, told in told_by_column.items()
    ]
    names = ("series", "place_kind", "place_column", "title", "producer")
    return Plan(measures=measures, **{name: mapping[name] for name in names})


def filosofi_measures(columns: Sequence[str]) -> list[Measure]:
    """Return the indicators of Filosofi's columns; the year is their last two digits."""
    found = []
    for column in columns:
        match = FILOSOFI_COLUMN.fullmatch(column)
        if match and match[2] not in NOT_FIGURES:
            key = f"{match[1]}_{match[2]}".lower()
            found.append(Measure(column, key, check_vintage(2000 + int(match[3]))))
    return found


def with_titles(measures: Sequence[Measure], path: Path) -> list[Measure]:
    """Return the measures with the titles of the dictionary beside the file, if it is there."""
    beside = path.with_name(f"meta_{path.name}")
    titles = read_dictionary(read_csv(beside)) if beside.is_file() else {}
    return [_titled(measure, titles.get(measure.column)) for measure in measures]


def _titled(measure: Measure, title: str | None) -> Measure:
    if title is None:
        return measure
    told, unit = split_unit(title)
    return Measure(measure.column, measure.key, measure.vintage, told, unit, "Revenus")


def split_unit(title: str) -> tuple[str, str]:
    """Return a title and its unit: "Médiane (€)" gives "Médiane" and "€"."""
    match = re.fullmatch(r"(.*?)\s*\((%|€|en euros)\)", title)
    if match is None:
        return title, ""
    return match[1], "€" if match[2] == "en euros" else match[2]


def read_dictionary(table: CsvTable) -> dict[str, str]:
    """Return the title of each variable of a Filosofi dictionary."""
    pairs = zip(table.column("COD_VAR"), table.column("LIB_VAR"), strict=True)
    titles: dict[str, str] = {}
    for code, title in pairs:
        titles.setdefault(code, _capital(text(title)))
    return titles


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def parse_dictionary(table: CsvTable) -> Parsed:
    """Return the titles of the indicators that a dictionary defines."""
    titles = read_dictionary(table)
    measures = [_titled(m, titles[m.column]) for m in filosofi_measures(list(titles))]
    if not measures:
        raise FileRefused(f"{table.file.name} ne définit aucun indicateur de Filosofi.")
    report = ImportReport(
        "indicateurs", table.file.name, read=len(table.rows), things="définitions"
    )
    report.notes.append("Ce fichier est un dictionnaire : il donne les titres des indicateurs.")
    plan = Plan("filosofi", "iris", "", measures, FILOSOFI_TITLE, "Insee, Filosofi")
    return _parsed(table, plan, [Batch(INDICATOR, definitions(plan))], report)


def definitions(plan: Plan) -> list[Row]:
    """Return the indicators of a plan, in its order; a title that it lacks is left as known."""
    unique = {measure.key: measure for measure in reversed(plan.measures)}
    ordered = list(dict.fromkeys(m.key for m in plan.measures))
    return [
        {
            "key": key,
            "title": unique[key].title,
            "unit": unique[key].unit,
            "source": plan.producer,
            "topic": unique[key].topic,
            "position": position,
        }
        for position, key in enumerate(ordered, start=100)
    ]


def parse_values(table: CsvTable, plan: Plan, options: Options) -> Parsed:
    """Return a value for each place and measure of the table."""
    report = ImportReport("indicateurs", table.file.name, read=len(table.rows), things="valeurs")
    lines = read_lines(table, plan, options, report)
    kept = without_duplicates(lines, PLACE_ONLY, report)
    rows = [value for line in kept for value in values_of(line, plan)]
    report.withheld = sum(row["suppressed"] for row in rows)
    batches = [Batch(INDICATOR, definitions(plan)), Batch(INDICATOR_VALUE, rows)]
    return _parsed(table, plan, batches, report)


PLACE_ONLY = Target(INDICATOR_VALUE.model, "indicators", ("place_code",), ())
"""A line of the table is known by its place."""


def read_lines(table: CsvTable, plan: Plan, options: Options, report: ImportReport) -> list[Draft]:
    """Return the figures of each line by column; a line with a wrong one is refused."""
    at = {column: position for position, column in enumerate(table.columns)}
    lines = []
    for row_number, cells in enumerate(table.rows, start=1):
        if row_number % 1000 == 0:
            options.progress(20 + 40 * row_number // len(table.rows), "lecture des lignes")
        label = (
            text(cells[at[plan.place_column]])[:40] if at[plan.place_column] < len(cells) else ""
        )
        try:
            lines.append(Draft(row_number, label, read_line(cells, at, plan)))
        except RowRefused as refusal:
            report.refused.append(Refusal(row_number, label, str(refusal)))
    return lines


def read_line(cells: Sequence[str], at: Mapping[str, int], plan: Plan) -> dict[str, Any]:
    """Return the place of a line and its figures.

    Raises
    ------
    RowRefused
        If a cell is missing, the place is no code, or a figure is no figure.
    """
    if len(cells) != len(at):
        raise RowRefused(f"{len(cells)} valeurs pour {len(at)} colonnes")
    figures: dict[str, Any] = {
        "place_code": READ_CODE[plan.place_kind](cells[at[plan.place_column]])
    }
    for measure in plan.measures:
        try:
            figures[measure.column] = number(cells[at[measure.column]])
        except RowRefused as refusal:
            raise RowRefused(f"colonne {measure.column} : {refusal}") from None
    return figures


def values_of(line: Draft, plan: Plan) -> list[Row]:
    """Return one row per measure of a line."""
    return [
        {
            "series": plan.series,
            "indicator_key": measure.key,
            "place_kind": plan.place_kind,
            "place_code": line.values["place_code"],
            "vintage": measure.vintage,
            "value": line.values[measure.column],
            "suppressed": line.values[measure.column] is None,
        }
        for measure in plan.measures
    ]


def _parsed(table: CsvTable, plan: Plan, batches: list[Batch], report: ImportReport) -> Parsed:
    report.vintages = tuple(sorted({measure.vintage for measure in plan.measures}))
    key = f"indicateurs-{table.file.stem.lower()}"[:80]
    dataset = source_of(report, table.sha256, plan.producer, plan.title, key)
    return Parsed(dataset, batches, report)
