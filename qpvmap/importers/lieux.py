"""A town's own list of places, with addresses: each is looked for, what is not sure waits.

Addresses go to the Géoplateforme in batches; without it, to the addresses of the Base adresse
nationale that were imported. A position whose score is under 0.6 is not taken: somebody decides.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, Found
from qpvmap.importers.cleaning import ewkb, name, number, slug, text
from qpvmap.importers.editions import ask_for_vintage, year_in
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import Batch, Options, Parsed, source_of
from qpvmap.importers.places import KINDS, place
from qpvmap.importers.report import FileRefused, ImportReport, Refusal, RowRefused
from qpvmap.importers.spreadsheets import Sheet, read_sheet
from qpvmap.opening import is_opening_hours
from qpvmap.storage.imports import EQUIPMENT, Row
from qpvmap.storage.unplaced import UNPLACED

SURE = 0.6
Search = Callable[[Sequence[Asked]], list[Found | None]]

ROLES: Mapping[str, tuple[str, ...]] = {
    "name": ("nom", "equipement", "nom de l’équipement", "libelle", "designation", "lieu"),
    "address": ("adresse", "adresse postale", "adresse complete", "rue"),
    "category": ("categorie", "type", "theme", "nature"),
    "commune": ("commune", "ville"),
    "postcode": ("code postal", "cp"),
    "hours": ("horaires", "opening_hours", "ouverture"),
    "access": ("accessibilite", "acces pmr", "pmr", "accessible"),
    "capacity": ("capacite", "places"),
    "lon": ("longitude", "lon", "x"),
    "lat": ("latitude", "lat", "y"),
}
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
    sheet = read_sheet(path, ROLES, ("name", "address"), layer)
    report = ImportReport("lieux", path.name, read=len(sheet.rows), things="lieux")
    report.vintages = (vintage,)
    source = f"Liste {slug(path.stem)}"
    drafts = _drafts(sheet, source, vintage, options, report)
    options.progress(10, "recherche des adresses")
    found = _searched(drafts, search, report)
    placed, waiting = _sorted(drafts, found, options.territory_id)
    report.notes += notes_of(placed, waiting)
    dataset = source_of(report, sheet.sha256, "Commune", "Lieux d’une commune", slug(source))
    return Parsed(dataset, [Batch(UNPLACED, waiting), Batch(EQUIPMENT, placed)], report)


def _drafts(
    sheet: Sheet, source: str, vintage: int, options: Options, report: ImportReport
) -> list[dict[str, Any]]:
    """Return the rows that can be read; two of one name and address are one."""
    communes = {bare(name_): code for code, name_ in options.commune_names}
    known: dict[str, dict[str, Any]] = {}
    for position, row in sheet.rows:
        try:
            draft = _draft(row, communes)
        except RowRefused as refusal:
            report.refused.append(Refusal(position, row.get("name", ""), str(refusal)))
            continue
        key = slug(f"{draft['name']} {row['address']}")
        if (source, key) in options.placed_by_hand:
            report.notes.append(f"« {draft['name']} » a été placé à la main : il reste où il est.")
        elif key in known:
            report.duplicates.append(f"{draft['name']}, ligne {position}")
        else:
            known[key] = {**draft, "source": source, "source_key": key, "vintage": vintage}
    return list(known.values())


def _draft(row: Mapping[str, str], communes: Mapping[str, str]) -> dict[str, Any]:
    kind, theme = _kind(row.get("category", ""))
    hours = row.get("hours", "")
    return place(
        name=name(row["name"]),
        kind=kind,
        theme=theme,
        detail=text(row.get("category")),
        address=_address(row) or None,
        insee_code=communes.get(bare(row.get("commune", ""))),
        opening_hours=hours if is_opening_hours(hours) else None,
        access=ACCESS.get(row.get("access", "").lower(), "") or None,
        extra={"hours_typed": hours} if hours and not is_opening_hours(hours) else {},
        point=_point(row),
    )


def _kind(category: str) -> tuple[str, str]:
    known = {**KINDS, **MORE_KINDS}
    told = bare(category)
    for word, kind in known.items():
        if told == word or (len(word) > 4 and word in told):
            return kind
    if not told:
        return "social", "social"
    words = ", ".join(sorted({"école", "crèche", "sport", "culture", "commerce", "social"}))
    raise RowRefused(f"catégorie « {category[:40]} » inconnue. Connues : {words}…")


def _address(row: Mapping[str, str]) -> str:
    parts = (row.get("address", ""), row.get("postcode", ""), row.get("commune", ""))
    return " ".join(part for part in parts if part)


def _point(row: Mapping[str, str]) -> shapely.Point | None:
    lon, lat = number(row.get("lon")), number(row.get("lat"))
    if lon is None or lat is None:
        return None
    if abs(lon) > 180 or abs(lat) > 90:
        raise RowRefused("latitude ou longitude hors de la Terre : des degrés sont attendus")
    return shapely.Point(lon, lat)


def _searched(
    drafts: Sequence[Mapping[str, Any]], search: Search, report: ImportReport
) -> list[Found | None]:
    """Return what was found of each address; those that have coordinates are not looked for."""
    wanted = [draft for draft in drafts if draft["point"] is None and draft["address"]]
    asked = [Asked(draft["address"], draft["insee_code"] or "") for draft in wanted]
    try:
        answers = iter(search(asked) if asked else [])
    except GeocoderUnavailable:
        report.notes.append(NO_SERVICE)
        return [None] * len(drafts)
    return [
        next(answers) if draft["point"] is None and draft["address"] else None for draft in drafts
    ]


def _sorted(
    drafts: Sequence[dict[str, Any]], found: Sequence[Found | None], territory_id: int
) -> tuple[list[Row], list[Row]]:
    placed: list[Row] = []
    waiting: list[Row] = []
    for draft, answer in zip(drafts, found, strict=True):
        point = draft.pop("point")
        if point is not None:
            placed.append(draft | {"location": ewkb(point), "position_quality": "exact"})
        elif answer is not None and answer.score >= SURE:
            where = shapely.Point(answer.point.lon, answer.point.lat)
            score = {"position_quality": "address", "position_score": round(answer.score, 3)}
            placed.append(draft | score | {"location": ewkb(where)})
        else:
            waiting.append(_waiting(draft, answer, territory_id))
    return placed, waiting


def _waiting(draft: dict[str, Any], answer: Found | None, territory_id: int) -> Row:
    where = shapely.Point(answer.point.lon, answer.point.lat) if answer else None
    return {
        "territory_id": territory_id,
        "source": draft["source"],
        "source_key": draft["source_key"],
        "values": draft,
        "address": draft["address"] or "",
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
