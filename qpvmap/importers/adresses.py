"""Addresses of the Base adresse nationale, as it publishes them by department (CSV)."""

from collections.abc import Mapping
from pathlib import Path

import shapely

from qpvmap.core.subscriptions import folded
from qpvmap.importers.cleaning import insee_code, number, text
from qpvmap.importers.gathering import (
    Batch,
    Fields,
    Options,
    Parsed,
    finished,
    first_text,
    make_drafts,
    source_of,
    without_duplicates,
)
from qpvmap.importers.report import FileRefused, ImportReport, RowRefused
from qpvmap.importers.tables import read_csv
from qpvmap.storage.addresses import BAN

NEEDED = ("id", "nom_voie", "code_insee", "lon", "lat")


def parse(path: Path, options: Options) -> Parsed:
    """Return the addresses of the communes that are known.

    Raises
    ------
    FileRefused
        If it is not a file of that base.
    """
    table = read_csv(path)
    missing = [column for column in NEEDED if column not in table.columns]
    if missing:
        raise FileRefused(
            f"{path.name} n’est pas un fichier de la Base adresse nationale : il manque "
            f"{', '.join(missing)}."
        )
    known = {code for code, _ in options.commune_names}
    report = ImportReport("adresses", path.name, read=len(table.rows), things="adresses")
    rows = [dict(zip(table.columns, row, strict=False)) for row in table.rows]
    near = [(at, row) for at, row in enumerate(rows, 1) if not known or row["code_insee"] in known]
    placed = ((at, row, _point(row)) for at, row in near)
    drafts = make_drafts(placed, report, _build, first_text("id"))
    drafts = without_duplicates(drafts, BAN, report)
    if len(near) < len(rows):
        left = len(rows) - len(near)
        report.notes.append(f"{left} adresses hors des communes connues ici, laissées.")
    dataset = source_of(report, table.sha256, "Base adresse nationale", "Adresses", "ban")
    return Parsed(dataset, [Batch(BAN, finished(drafts, "location"))], report)


def _build(row: Fields, point: object) -> dict[str, object]:
    if point is None:
        raise RowRefused("pas de position exploitable")
    at = " ".join(filter(None, (text(row.get("numero")), text(row.get("rep")))))
    street = " ".join(filter(None, (at, text(row["nom_voie"]))))
    town = text(row.get("nom_commune"))
    return {
        "key": text(row["id"]),
        "insee_code": insee_code(row["code_insee"]),
        "label": ", ".join(filter(None, (street, town))),
        "words": folded(f"{street} {town}"),
    }


def _point(row: Mapping[str, str]) -> shapely.Point | None:
    try:
        lon, lat = number(row.get("lon")), number(row.get("lat"))
    except RowRefused:
        return None
    if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90:
        return None
    return shapely.Point(lon, lat)
