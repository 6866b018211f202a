"""A town's own list of places, with addresses: each is looked for, what is not sure waits.

Addresses go to the Géoplateforme in batches; without it, to the addresses of the Base adresse
nationale that were imported. A position whose score is under 0.6 is not taken: somebody decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import shapely

from qpvmap.core.equipment_lists import SURE, ListRow
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, Found
from qpvmap.importers.cleaning import ewkb, slug
from qpvmap.importers.editions import ask_for_vintage, year_in
from qpvmap.importers.gathering import Batch, Options, Parsed, source_of
from qpvmap.importers.place_lists import (
    GridSheet,
    name_of_list,
    read_list,
    read_sheets,
    recognised,
    source_name,
)
from qpvmap.importers.reading import check_file, sha256_of
from qpvmap.importers.report import ChoiceNeeded, FileRefused, ImportReport
from qpvmap.importers.sheets import HEADER_WITHIN
from qpvmap.storage.imports import EQUIPMENT, Row
from qpvmap.storage.unplaced import UNPLACED

Search = Callable[[Sequence[Asked]], list[Found | None]]
NO_SERVICE = (
    "La recherche d’adresses ne répond pas et aucune Base adresse nationale n’est importée : "
    "les lieux sans coordonnées attendent dans « À placer »."
)


def parse(path: Path, layer: str | None, options: Options, search: Search) -> Parsed:
    """Return the places of a list: those that are placed, and those that wait.

    Raises
    ------
    FileRefused
        If it is no such list, or no territory is loaded for it to be of.
    """
    vintage = options.vintage or year_in(path.stem)
    if options.territory_id is None:
        raise FileRefused("Chargez d’abord le territoire : qpvmap demo.")
    if vintage is None:
        raise ask_for_vintage(path)
    sheet = one_sheet(path, layer)
    source = source_name(name_of_list(path.name)[0], options.territory)
    report = ImportReport("lieux", path.name, things="lieux")
    report.vintages = (vintage,)
    drafts = _drafts(sheet, source, vintage, options, report)
    options.progress(10, "recherche des adresses")
    found = _searched(drafts, search, report)
    placed, waiting = _sorted(drafts, found, options.territory_id)
    report.notes += notes_of(placed, waiting)
    dataset = source_of(report, sha256_of(path), "Commune", "Lieux d’une commune", slug(source))
    return Parsed(dataset, [Batch(UNPLACED, waiting), Batch(EQUIPMENT, placed)], report)


def one_sheet(path: Path, layer: str | None) -> GridSheet:
    """Return the sheet of a file that is the list.

    Raises
    ------
    FileRefused
        If it cannot be read, or no row near the top is its header.
    ChoiceNeeded
        If several sheets could be meant.
    """
    check_file(path)
    try:
        sheets = read_sheets(path.name, path.read_bytes())
    except FileRefused as error:
        raise FileRefused(f"{path.name} est illisible : {error}") from error
    names = ", ".join(sheet.name for sheet in sheets)
    if layer is not None:
        sheets = [sheet for sheet in sheets if sheet.name == layer]
        if not sheets:
            raise FileRefused(f"Pas de feuille « {layer} ». Il y a : {names}.")
    likely = [
        sheet for sheet in sheets if {"name", "address"} <= recognised([sheet]).columns.keys()
    ]
    if not likely:
        raise FileRefused(
            f"{path.name} : aucune ligne d’en-tête reconnue parmi les {HEADER_WITHIN} premières. "
            "Colonnes attendues : nom, adresse."
        )
    if len(likely) > 1:
        raise ChoiceNeeded(
            f"{path.name} a plusieurs feuilles qui conviennent : {names}. Choisissez-en une avec "
            "--layer NOM."
        )
    return likely[0]


def _drafts(
    sheet: GridSheet, source: str, vintage: int, options: Options, report: ImportReport
) -> list[ListRow]:
    """Return the rows that can be read; two of one name and address are one."""
    choices = replace(recognised([sheet]), vintage=vintage)
    found = read_list(sheet, choices, options.commune_names, source)
    report.read = found.read
    report.refused += found.refused
    report.duplicates += [f"{row.label}, ligne {row.row}" for row in found.twice]
    kept = []
    for row in found.rows:
        if (source, row.values["source_key"]) in options.placed_by_hand:
            told = row.values["name"]
            report.notes.append(f"« {told} » a été placé à la main : il reste où il est.")
        else:
            kept.append(row)
    return kept


def asked_of(row: ListRow) -> Asked:
    """Return what is asked of the address search for a row."""
    return Asked(row.values["address"] or "", row.values["insee_code"] or "")


def _searched(
    drafts: Sequence[ListRow], search: Search, report: ImportReport
) -> list[Found | None]:
    """Return what was found of each address; those that have coordinates are not looked for."""
    asked = [asked_of(row) for row in drafts if row.lon_lat is None]
    try:
        answers = iter(search(asked) if asked else [])
    except GeocoderUnavailable:
        report.notes.append(NO_SERVICE)
        return [None] * len(drafts)
    return [next(answers) if row.lon_lat is None else None for row in drafts]


def _sorted(
    drafts: Sequence[ListRow], found: Sequence[Found | None], territory_id: int
) -> tuple[list[Row], list[Row]]:
    placed: list[Row] = []
    waiting: list[Row] = []
    for row, answer in zip(drafts, found, strict=True):
        if row.lon_lat is not None:
            placed.append(placed_row(row, *row.lon_lat))
        elif answer is not None and answer.score >= SURE:
            placed.append(placed_row(row, answer.point.lon, answer.point.lat, answer.score))
        else:
            waiting.append(waiting_row(row, answer, territory_id))
    return placed, waiting


def placed_row(row: ListRow, lon: float, lat: float, score: float | None = None) -> Row:
    """Return the equipment of a row, where it is; `score` when its address was found."""
    return {
        **row.values,
        "location": ewkb(shapely.Point(lon, lat)),
        "position_quality": "exact" if score is None else "address",
        "position_score": None if score is None else round(score, 3),
    }


def waiting_row(row: ListRow, answer: Found | None, territory_id: int) -> Row:
    """Return what waits of a row that was not found surely enough."""
    where = shapely.Point(answer.point.lon, answer.point.lat) if answer else None
    return {
        "territory_id": territory_id,
        "source": row.values["source"],
        "source_key": row.values["source_key"],
        "values": dict(row.values),
        "address": row.values["address"] or "",
        "score": round(answer.score, 3) if answer else None,
        "label": answer.label if answer else "",
        "location": ewkb(where) if where is not None else None,
    }


def notes_of(placed: Sequence[Row], waiting: Sequence[Row]) -> list[str]:
    """Return how many places were found, and how many wait."""
    told = [f"{len(placed)} lieux placés."]
    if waiting:
        told.append(f"{len(waiting)} lieux à placer : voir la page « À placer » des équipements.")
    return told
