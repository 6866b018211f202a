"""Reading a town's own list of places: which column is what, and what each row says.

Nothing is looked for here, nor written: the page that shows a list, the job that places it and the
command line read it in the same way.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from qpvmap.core.equipment_lists import CATEGORIES, LEFT_OUT, Choices, ListRow
from qpvmap.core.workbooks import MOST_BYTES, MOST_COLUMNS, UnreadableWorkbook
from qpvmap.importers.cleaning import count, name, number, slug, text
from qpvmap.importers.editions import year_in
from qpvmap.importers.fields import bare
from qpvmap.importers.places import KINDS, place
from qpvmap.importers.report import FileRefused, Refusal, RowRefused
from qpvmap.importers.sheets import (
    BOOKS,
    HEADER_WITHIN,
    MOST_ROWS,
    TEXTS,
    Grid,
    doubled,
    read_text,
    single,
)
from qpvmap.importers.sheets import as_written as written
from qpvmap.opening import is_opening_hours
from qpvmap.workbooks import read_workbook

NAMES: Mapping[str, tuple[str, ...]] = {
    "name": (
        "nom",
        "equipement",
        "nom de l’équipement",
        "nom du lieu",
        "libelle",
        "designation",
        "intitule",
        "lieu",
        "structure",
    ),
    "address": ("adresse", "adresse postale", "adresse complete", "rue", "voie", "localisation"),
    "category": ("categorie", "type", "type d’équipement", "theme", "nature"),
    "commune": ("commune", "ville", "localite"),
    "postcode": ("code postal", "cp"),
    "hours": ("horaires", "opening_hours", "ouverture", "horaires d’ouverture"),
    "access": ("accessibilite", "acces pmr", "pmr", "accessible", "handicap"),
    "capacity": ("capacite", "places", "nombre de places"),
    "lon": ("longitude", "lon", "lng", "x"),
    "lat": ("latitude", "lat", "y"),
    "key": ("identifiant", "id", "code", "reference"),
}
"""Names that a column of each role may bear."""
MORE_KINDS = {
    "education": ("ecole", "education"),
    "petiteenfance": ("creche", "family"),
    "culturel": ("culture", "culture"),
    "sportif": ("sport", "sport"),
    "gymnase": ("sport", "sport"),
    "bibliotheque": ("culture", "culture"),
    "mediatheque": ("culture", "culture"),
    "social": ("social", "social"),
    "centresocial": ("social", "social"),
    "sante": ("sante", "social"),
    "mairie": ("mairie", "social"),
    "college": ("ecole", "education"),
    "lycee": ("ecole", "education"),
    "transport": ("gare", "transport"),
}
ACCESS = {"oui": "yes", "partiel": "limited", "partielle": "limited", "non": "no"}
EDITION_WORDS = re.compile(r"\b(?:(?:19|20)\d\d|v\d+|copie|final|version|maj|\d{1,2})\b", re.I)


class UnknownCategory(RowRefused):
    """A word that nobody has said the meaning of."""

    def __init__(self, word: str) -> None:
        self.word = word
        known = "commerce, crèche, culture, école, social, sport…"
        super().__init__(f"catégorie « {word[:40]} » inconnue ({known})")


@dataclass
class ReadList:
    """What a list says: rows, what is refused, what is there twice, words nobody knows."""

    rows: list[ListRow] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    twice: list[Refusal] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    odd_hours: list[tuple[int, str]] = field(default_factory=list)
    strange_communes: dict[str, int] = field(default_factory=dict)
    read: int = 0


@dataclass(frozen=True)
class GridSheet:
    """A sheet of the file: its rows that hold something, numbered as in the file."""

    name: str
    grid: Grid


def read_sheets(filename: str, content: bytes) -> list[GridSheet]:
    """Return the sheets of a file that hold something; a workbook is read by its own process.

    Raises
    ------
    FileRefused
        If it is no table, or more than can be shown.
    """
    suffix = f".{filename.rpartition('.')[2].lower()}"
    if not content:
        raise FileRefused("Choisissez d’abord un fichier, XLSX, ODS ou CSV.")
    if len(content) > MOST_BYTES:
        raise FileRefused("Fichier trop lourd : 5\u00a0Mo au plus.")
    if suffix in BOOKS:
        sheets = _book(content)
    elif suffix in TEXTS:
        sheets = [GridSheet("Tableau", _filled(read_text(filename, content)))]
    else:
        raise FileRefused("Un tableau XLSX, ODS ou CSV est attendu.")
    sheets = [sheet for sheet in sheets if len(sheet.grid) > 1]
    if not sheets:
        raise FileRefused(
            "Ce tableau est vide : il faut une ligne de titres et des lignes dessous."
        )
    for sheet in sheets:
        if len(sheet.grid) > MOST_ROWS + HEADER_WITHIN:
            raise FileRefused(f"{len(sheet.grid)} lignes : {MOST_ROWS} au plus à la fois.")
    return sheets


def told_of(sheets: Sequence[GridSheet]) -> dict[str, Any]:
    """Return sheets as JSON keeps them; `sheets_of` reads them back."""
    return {
        "sheets": [
            {
                "name": sheet.name,
                "rows": [[line, list(map(_kept, cells))] for line, cells in sheet.grid],
            }
            for sheet in sheets
        ]
    }


def _kept(cell: Any) -> Any:
    """Return a cell as PostgreSQL's JSON can hold it."""
    if isinstance(cell, float) and not isfinite(cell):
        return ""
    return cell.replace("\x00", "") if isinstance(cell, str) else cell


def sheets_of(told: Mapping[str, Any]) -> list[GridSheet]:
    """Return the sheets that were kept."""
    return [
        GridSheet(sheet["name"], [(line, cells) for line, cells in sheet["rows"]])
        for sheet in told["sheets"]
    ]


def _book(content: bytes) -> list[GridSheet]:
    try:
        book = read_workbook(content)
    except UnreadableWorkbook as error:
        raise FileRefused(str(error)) from error
    return [
        GridSheet(
            sheet.name, [(row.number, [written(cell) for cell in row.cells]) for row in sheet.rows]
        )
        for sheet in book.sheets
    ]


def _filled(grid: Grid) -> Grid:
    """Return the rows that hold something, no wider than what is read."""
    narrow = ((line, list(cells[:MOST_COLUMNS])) for line, cells in grid)
    return [(line, cells) for line, cells in narrow if any(text(cell) for cell in cells)]


def recognised(sheets: Sequence[GridSheet]) -> Choices:
    """Return the sheet, header and columns that look right; the first row when none does."""
    best, found = 0, Choices(header=sheets[0].grid[0][0])
    for at, sheet in enumerate(sheets):
        for line, _ in sheet.grid[:HEADER_WITHIN]:
            columns = columns_of(titles_of(sheet, line))
            if len(columns) > best and "name" in columns:
                best, found = len(columns), Choices(sheet=at, header=line, columns=columns)
    return found


def titles_of(sheet: GridSheet, header: int) -> list[str]:
    """Return the titles of the columns, on one line or on two with the upper one merged."""
    position = next((at for at, (n, _) in enumerate(sheet.grid) if n == header), 0)
    plain, twofold = single(sheet.grid, position), doubled(sheet.grid, position)
    return twofold if len(columns_of(twofold)) > len(columns_of(plain)) else plain


def columns_of(titles: Sequence[str]) -> dict[str, int]:
    """Return the column of each role that is recognised by its title."""
    by_name: dict[str, int] = {}
    for at, title in enumerate(titles):
        by_name.setdefault(bare(title), at)
    return {
        role: next(by_name[bare(one)] for one in names if bare(one) in by_name)
        for role, names in NAMES.items()
        if any(bare(one) in by_name for one in names)
    }


def name_of_list(filename: str) -> tuple[str, int | None]:
    """Return the name that a file suggests for its list, without its edition, and its year."""
    stem = filename.rpartition(".")[0].replace("_", " ").replace("-", " ")
    name_ = " ".join(EDITION_WORDS.sub(" ", stem).replace("(", " ").replace(")", " ").split())
    return name_ or stem.strip(), year_in(filename)


def source_name(list_name: str, territory_code: str) -> str:
    """Return the source of the places of a list: territories are kept apart."""
    return f"Liste {slug(list_name)} ({territory_code})"


def read_list(
    sheet: GridSheet, choices: Choices, communes: Sequence[tuple[str, str]], source: str
) -> ReadList:
    """Return what a sheet says, by the columns that were chosen."""
    codes = {bare(name_): code for code, name_ in communes}
    names = dict(communes)
    found = ReadList()
    keys: dict[str, int] = {}
    for line, cells in sheet.grid:
        values = {
            role: text(cells[at]) if at < len(cells) else "" for role, at in choices.columns.items()
        }
        if line <= choices.header or not any(values.values()):
            continue
        found.read += 1
        try:
            row = _row(line, values, choices, (codes, names), found)
        except UnknownCategory as refusal:
            found.unknown.setdefault(bare(refusal.word), refusal.word)
            found.refused.append(Refusal(line, values.get("name", ""), str(refusal)))
            continue
        except RowRefused as refusal:
            found.refused.append(Refusal(line, values.get("name", ""), str(refusal)))
            continue
        key = slug(values.get("key") or f"{row.values['name']} {row.values['typed_address']}")
        if key in keys:
            why = f"déjà à la ligne {keys[key]}"
            found.twice.append(Refusal(line, row.values["name"], why))
            continue
        keys[key] = line
        told = {k: v for k, v in row.values.items() if k != "typed_address"}
        told |= {"source": source, "source_key": key, "vintage": choices.vintage}
        found.rows.append(replace(row, values=told))
    return found


def _row(
    line: int,
    values: Mapping[str, str],
    choices: Choices,
    communes: tuple[Mapping[str, str], Mapping[str, str]],
    found: ReadList,
) -> ListRow:
    kind, theme = kind_of(values.get("category", ""), choices)
    named = values.get("commune", "")
    codes, names = communes
    code = codes.get(bare(named)) if named else choices.commune or None
    lon_lat = _lon_lat(values)
    told = place(
        name=name(values.get("name", "")),
        kind=kind,
        theme=theme,
        detail=values.get("category", ""),
        address=address_of(values, named or names.get(code or "", "")) or None,
        insee_code=code,
        capacity=count(values.get("capacity")),
        opening_hours="" if "hours" in choices.columns else None,
        access=ACCESS.get(values.get("access", "").lower(), "")
        if "access" in choices.columns
        else None,
        typed_address=values.get("address", ""),
    )
    if not told["address"] and lon_lat is None:
        raise RowRefused("ni adresse ni coordonnées : ce lieu ne peut pas être placé")
    hours = values.get("hours", "")
    if is_opening_hours(hours):
        told["opening_hours"] = hours
    elif hours:
        told["extra"] = {"hours_typed": hours}
        found.odd_hours.append((line, hours))
    if named and code is None:
        found.strange_communes[named] = found.strange_communes.get(named, 0) + 1
    return ListRow(line, told, lon_lat)


def kind_of(word: str, choices: Choices) -> tuple[str, str]:
    """Return the kind and theme that a word of a list means.

    Raises
    ------
    RowRefused
        If nobody knows, or its rows are to be left.
    """
    told = bare(word)
    if not told:
        _, kind, theme = CATEGORIES[choices.category]
        return kind, theme
    meaning = choices.meanings.get(told, "")
    if meaning == LEFT_OUT:
        raise RowRefused(f"catégorie « {word[:40]} » laissée, comme vous l’avez choisi")
    if meaning in CATEGORIES:
        _, kind, theme = CATEGORIES[meaning]
        return kind, theme
    for known, kinds in {**KINDS, **MORE_KINDS}.items():
        if told == known or (len(known) > 4 and known in told):
            return kinds
    raise UnknownCategory(word)


def address_of(values: Mapping[str, str], commune: str) -> str:
    """Return the whole address of a row; empty when it has no street nor place of its own."""
    if not values.get("address"):
        return ""
    typed = values["address"]
    more = (values.get("postcode", ""), commune)
    return " ".join([typed, *(part for part in more if bare(part) not in bare(typed))])


def _lon_lat(values: Mapping[str, str]) -> tuple[float, float] | None:
    lon, lat = number(values.get("lon")), number(values.get("lat"))
    if lon is None or lat is None:
        return None
    if abs(lon) > 180 or abs(lat) > 90:
        raise RowRefused("latitude ou longitude hors de la Terre : des degrés sont attendus")
    return lon, lat


def with_known_keys(rows: Sequence[ListRow], known: Mapping[str, str]) -> list[ListRow]:
    """Return the rows under the keys that their places have already.

    A place whose address was put right is still that place, when it is the only one of its name in
    the list and in the file. `known`: key to name, of the places of the list.
    """
    named: dict[str, list[str]] = {}
    taken: AbstractSet[str] = {row.values["source_key"] for row in rows}
    for key, name_ in known.items():
        if key not in taken:
            named.setdefault(bare(name_), []).append(key)
    counts: dict[str, int] = {}
    for row in rows:
        counts[bare(row.values["name"])] = counts.get(bare(row.values["name"]), 0) + 1

    def known_as(row: ListRow) -> str:
        own: str = row.values["source_key"]
        told = bare(row.values["name"])
        before = named.get(told, [])
        return before[0] if own not in known and len(before) == 1 and counts[told] == 1 else own

    return [replace(row, values={**row.values, "source_key": known_as(row)}) for row in rows]
