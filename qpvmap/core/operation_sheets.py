"""The plan as sheets of a workbook, and back: which column holds what, under which names.

A workbook that nobody changed reads back as what it was made of, to the cent and the day.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from qpvmap.core.operations import (
    BANDS,
    EQUIPMENT_LABELS,
    FIELDS,
    GENERATIONS,
    NATURE_LABELS,
    QUALITY_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    PlannedOperation,
)
from qpvmap.core.periods import Period, Precision
from qpvmap.core.plain_words import folded
from qpvmap.core.workbooks import ReadRow, ReadSheet, ReadWorkbook, Value

Cell = str | int | float | Decimal | date | None
PLAN, FUNDING, STEPS, WORDS = "Opérations", "Financements", "États datés", "Mode d’emploi"
SEARCHED_ROWS = 30
"""How far down a sheet its headings are looked for: titles may stand above them."""


def period_cell(period: Period | None) -> Cell:
    """Return a date for a day, else what one would type."""
    if period is None:
        return None
    return period.first if period.precision is Precision.DAY else str(period)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a sheet: the field it holds, its name, other names it is known by.

    `computed` ones are for reading only: they say what the application found by itself.
    """

    field: str
    name: str
    also: tuple[str, ...] = ()
    computed: bool = False
    width: int = 16


OPERATION_COLUMNS: tuple[Heading, ...] = (
    Heading("code", "Code", ("id", "identifiant", "reference", "n°"), width=10),
    Heading("version", "Version", width=8),
    Heading("title", FIELDS["title"], ("titre", "operation", "nom", "libelle", "projet"), width=44),
    Heading("communes", FIELDS["communes"], ("commune", "ville", "villes"), width=20),
    Heading("theme", FIELDS["theme"], ("thematique",), width=18),
    Heading("natures", FIELDS["natures"], ("natures", "type d'operation"), width=18),
    Heading("work", FIELDS["work"], ("nature des travaux",), width=22),
    Heading("status", FIELDS["status"], ("statut", "avancement", "etat d'avancement"), width=13),
    Heading("owner", FIELDS["owner"], ("moa", "porteur", "porteur de projet"), width=24),
    Heading("equipment_state", FIELDS["equipment_state"], ("etat de l'equipement",), width=12),
    Heading("equipment_name", FIELDS["equipment_name"], ("equipement concerne",), width=24),
    Heading("equipment_key", FIELDS["equipment_key"], width=14),
    Heading("starts", FIELDS["starts"], ("date de debut", "demarrage", "debut des travaux")),
    Heading("ends", FIELDS["ends"], ("date de fin", "livraison", "fin des travaux", "echeance")),
    Heading("cost", "Coût (€)", ("cout", "cout total", "montant", "budget", "montant total")),
    Heading("riots_2023", FIELDS["riots_2023"], ("emeutes 2023", "violences urbaines 2023")),
    Heading("description", FIELDS["description"], ("descriptif",), width=40),
    Heading("note", FIELDS["note"], ("note", "remarque", "remarques", "commentaire"), width=40),
    Heading("address", FIELDS["address"], ("localisation",), width=28),
    Heading("lat", "Latitude", ("lat",), width=12),
    Heading("lon", "Longitude", ("lon", "lng"), width=12),
    Heading("position_quality", FIELDS["position_quality"], ("qualite",), width=14),
    *(
        heading
        for vintage in GENERATIONS
        for heading in (
            Heading("computed", f"Situation {vintage} (calculée)", computed=True, width=20),
            Heading("computed", f"Distance {vintage} en m (calculée)", computed=True, width=12),
        )
    ),
)
FUNDING_COLUMNS: tuple[Heading, ...] = (
    Heading("code", "Code", ("id", "identifiant"), width=10),
    Heading("title", FIELDS["title"], ("titre", "operation"), width=44),
    Heading("funder", "Financeur", ("financeurs", "cofinanceur"), width=28),
    Heading("year", "Année", ("annee", "exercice"), width=8),
    Heading("asked", "Demandé (€)", ("demande", "montant demande", "sollicite")),
    Heading("agreed", "Accordé (€)", ("accorde", "montant accorde", "notifie", "obtenu")),
    Heading("paid", "Versé (€)", ("verse", "montant verse", "paye")),
    Heading("note", "Remarque", ("note", "commentaire"), width=30),
)
STEP_COLUMNS: tuple[Heading, ...] = (
    Heading("code", "Code", ("id", "identifiant"), width=10),
    Heading("title", FIELDS["title"], ("titre", "operation"), width=44),
    Heading("status", FIELDS["status"], ("statut",), width=13),
    Heading("at", "Depuis", ("date", "a partir de"), width=14),
    Heading("note", "Remarque", ("note", "commentaire"), width=30),
)
SHEETS: Mapping[str, tuple[Heading, ...]] = {
    PLAN: OPERATION_COLUMNS,
    FUNDING: FUNDING_COLUMNS,
    STEPS: STEP_COLUMNS,
}

Row = Sequence[Cell]
CELLS: Mapping[str, Callable[[PlannedOperation], Cell]] = {
    "code": lambda o: o.code,
    "version": lambda o: o.version,
    "communes": lambda o: " ; ".join(o.names.get(code, code) for code in o.content.communes),
    "theme": lambda o: THEME_LABELS.get(o.theme, o.theme),
    "natures": lambda o: " ; ".join(NATURE_LABELS[nature] for nature in o.content.natures),
    "status": lambda o: STATUS_LABELS[o.status],
    "equipment_state": lambda o: (
        EQUIPMENT_LABELS[o.content.equipment_state] if o.content.equipment_state else None
    ),
    "starts": lambda o: period_cell(o.content.starts),
    "ends": lambda o: period_cell(o.content.ends),
    "riots_2023": lambda o: "oui" if o.content.riots_2023 else "non",
    "lat": lambda o: o.lat,
    "lon": lambda o: o.lon,
    "position_quality": lambda o: QUALITY_LABELS[o.position_quality],
}


def operation_row(operation: PlannedOperation) -> Row:
    """Return the row of an operation."""
    known = [heading for heading in OPERATION_COLUMNS if not heading.computed]
    row: list[Cell] = [
        CELLS[h.field](operation) if h.field in CELLS else getattr(operation.content, h.field)
        for h in known
    ]
    for vintage in GENERATIONS:
        near = operation.nearness.get(vintage)
        row += [BANDS[near.band][1], round(near.distance_m, 1)] if near else [None, None]
    return row


def funding_rows(operation: PlannedOperation) -> list[Row]:
    """Return the rows of the funding lines of an operation."""
    return [
        (operation.code, operation.title, x.funder, x.year, x.asked, x.agreed, x.paid, x.note)
        for x in operation.content.lines
    ]


def step_rows(operation: PlannedOperation) -> list[Row]:
    """Return the rows of the dated states of an operation."""
    return [
        (operation.code, operation.title, STATUS_LABELS[x.status], period_cell(x.at), x.note)
        for x in operation.content.steps
    ]


def word_rows(funders: Sequence[str], communes: Sequence[str]) -> list[Row]:
    """Return the rows of the sheet that says how to fill the others."""
    natures, qualities = NATURE_LABELS.values(), QUALITY_LABELS.values()
    return [
        ("Code", "Ne le changez pas : il dit de quelle opération il s’agit. Vide : nouvelle."),
        ("Version", "Ne la changez pas : elle évite d’effacer le travail d’une autre personne."),
        ("Cellule vide", "Efface ce qui était connu. Colonne absente : rien ne change."),
        ("Dates", "2026, T2 2026, 03/2026, mars 2026 ou 31/12/2026."),
        ("Montants", "En euros : 1 234,50."),
        ("Plusieurs valeurs", "Séparez-les par un point-virgule."),
        (FIELDS["communes"], " ; ".join(communes)),
        (FIELDS["theme"], " ; ".join(THEME_LABELS.values())),
        (FIELDS["natures"], " ; ".join(natures)),
        (FIELDS["status"], " ; ".join(STATUS_LABELS.values())),
        (FIELDS["equipment_state"], " ; ".join(EQUIPMENT_LABELS.values())),
        (FIELDS["position_quality"], " ; ".join(qualities)),
        ("Financeur", " ; ".join(funders)),
        ("Colonnes calculées", "Pour lire seulement : l’application les calcule elle-même."),
    ]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that was read: where it stands, whose it is, its fields as they are in the file."""

    number: int
    code: str
    title: str
    raw: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A workbook read as a plan. `lines` and `steps` are None when it has no such sheet."""

    rows: Sequence[SheetRow] = ()
    lines: Sequence[SheetRow] | None = None
    steps: Sequence[SheetRow] | None = None
    remarks: Sequence[str] = field(default_factory=tuple)
    found: bool = False


def heading_key(text: object) -> str:
    """Return a heading as it is compared: without accents, units in brackets, stars."""
    bare = re.sub(r"\(.*?\)|[*:]", " ", str(text or ""))
    return folded(bare)


def known_names(headings: Sequence[Heading]) -> dict[str, Heading]:
    """Return the headings by each name they are known by."""
    names: dict[str, Heading] = {}
    for heading in headings:
        for name in (heading.name, *heading.also):
            names.setdefault(heading_key(name), heading)
    return names


def combined(rows: Sequence[ReadRow], index: int) -> list[Value]:
    """Return a row of headings; where a cell is empty, the one above, of which it was merged."""
    cells = list(rows[index].cells)
    if index and rows[index - 1].number == rows[index].number - 1:
        above = rows[index - 1].cells
        cells += [None] * (len(above) - len(cells))
        for x, cell in enumerate(above):
            if cells[x] is None:
                cells[x] = cell
    return cells


def find_headings(sheet: ReadSheet, headings: Sequence[Heading]) -> tuple[int, list[Value]] | None:
    """Return which row is that of the headings, and the headings; None when there is none."""
    names = known_names(headings)
    best: tuple[int, int, list[Value]] | None = None
    for index in range(min(len(sheet.rows), SEARCHED_ROWS)):
        cells = combined(sheet.rows, index)
        score = len({names[key].name for c in cells if (key := heading_key(c)) in names})
        own = sum(heading_key(cell) in names for cell in sheet.rows[index].cells)
        if own and score >= 2 and (best is None or score > best[0]):
            best = (score, index, cells)
    return (best[1], best[2]) if best else None


def read_sheet(sheet: ReadSheet, headings: Sequence[Heading]) -> tuple[list[SheetRow], list[str]]:
    """Return the rows of a sheet by field, and what there is to say of its columns."""
    found = find_headings(sheet, headings)
    if found is None:
        return [], [f"Feuille « {sheet.name} » : aucun titre de colonne reconnu, elle est ignorée."]
    index, cells = found
    names, remarks = known_names(headings), list[str]()
    columns: dict[str, int] = {}
    for x, cell in enumerate(cells):
        heading = names.get(heading_key(cell))
        if heading is None and heading_key(cell):
            remarks.append(f"Feuille « {sheet.name} » : colonne « {cell} » inconnue, ignorée.")
        elif heading and not heading.computed:
            if heading.field in columns:
                remarks.append(
                    f"Feuille « {sheet.name} » : deux colonnes « {heading.name} »,"
                    " seule la première est lue."
                )
            columns.setdefault(heading.field, x)
    rows = []
    for row in sheet.rows[index + 1 :]:
        raw = {name: row.cells[x] if x < len(row.cells) else None for name, x in columns.items()}
        if any(value not in (None, "") for value in raw.values()):
            rows.append(sheet_row(row.number, raw))
    return rows, remarks


def sheet_row(number: int, raw: Mapping[str, Value]) -> SheetRow:
    """Return a row with its code and title apart."""
    code = str(raw.get("code") or "").strip().upper()
    return SheetRow(number, code, folded(str(raw.get("title") or "")), raw)


def read_plan(book: ReadWorkbook) -> ReadPlan:
    """Return the plan that a workbook holds, and what there is to say of it."""
    chosen = sheets_of(book)
    remarks = [
        f"Feuille « {sheet.name} » : ignorée."
        for sheet in book.sheets
        if sheet not in chosen.values() and sheet.rows and folded(sheet.name) != folded(WORDS)
    ]
    read: dict[str, list[SheetRow]] = {}
    for name, sheet in chosen.items():
        rows, said = read_sheet(sheet, SHEETS[name])
        if rows or find_headings(sheet, SHEETS[name]):
            read[name] = rows
        remarks += said
    if book.formulas:
        remarks.append(
            "Ce classeur a des formules : c’est leur dernier résultat enregistré qui est lu."
        )
    return ReadPlan(
        read.get(PLAN, ()), read.get(FUNDING), read.get(STEPS), tuple(remarks), PLAN in read
    )


def sheets_of(book: ReadWorkbook) -> dict[str, ReadSheet]:
    """Return the sheet that holds each part: by its name, else the first that looks like a plan."""
    by_name = {folded(sheet.name): sheet for sheet in book.sheets}
    chosen = {name: by_name[folded(name)] for name in SHEETS if folded(name) in by_name}
    if PLAN not in chosen:
        left = [sheet for sheet in book.sheets if sheet not in chosen.values()]
        plan = next((s for s in left if find_headings(s, OPERATION_COLUMNS)), None)
        if plan:
            chosen = {PLAN: plan, **chosen}
    return chosen
