"""Places of service open to people, each producer in its own shape.

A producer's own codes are missing or change (Vélib's are all empty), so a place is known by
its name, with its position when several share the name. Desks' telephone numbers and mail
addresses stay out: they are often one person's.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from qpvmap.importers.cleaning import (
    count,
    insee_code,
    iris_code,
    name,
    on_earth,
    slug,
    text,
    well_written,
)
from qpvmap.importers.editions import ask_for_vintage, vintage_of, year_in
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import (
    Batch,
    Draft,
    Fields,
    Options,
    Parsed,
    finished,
    first_text,
    make_drafts,
    source_of,
    without_duplicates,
)
from qpvmap.importers.places import KINDS, place, readable
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import FileRefused, ImportReport, RowRefused
from qpvmap.storage.imports import EQUIPMENT

SAME_PLACE_DEG = 0.01
"""Rows of one station stand within it, about 1 km; beyond it, two places share a name."""

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")


@dataclass(frozen=True)
class Shape:
    """How one producer's file is told from the others, and read."""

    columns: frozenset[str]
    source: str
    producer: str
    title: str
    make: Callable[[Fields], dict[str, Any]]


def _station(row: Fields) -> dict[str, Any]:
    line = well_written(text(row.get("res_com")))
    return place(
        name=name(row["nom_gares"]),
        kind="gare",
        theme="transport",
        detail=line,
        extra={"lines": [line], "operators": [text(row.get("exploitant"))]},
    )


def _bikes(row: Fields) -> dict[str, Any]:
    return place(
        name=name(row["name"]), kind="velib", theme="transport", capacity=count(row["capacity"])
    )


def _desk(row: Fields) -> dict[str, Any]:
    hours = {day: text(row.get(f"h_{day}")) for day in DAYS}
    address = (row.get("ADRESSE"), row.get("COMPLEMENT.D.ADRESSE"), row.get("code_postal"))
    return place(
        name=name(row["lib_france_services"]),
        kind="france_services",
        theme="social",
        detail=text(row.get("FORMAT_FS")),
        address=", ".join(part for part in map(text, address) if part),
        insee_code=readable(insee_code, row.get("insee_com")),
        extra={
            "hours": {day: told for day, told in hours.items() if told not in ("", "-")},
            "itinerant": text(row.get("ITINERANCE")).lower() == "oui",
        },
    )


def _listed(row: Fields) -> dict[str, Any]:
    category = text(row["categorie"])
    if bare(category) not in KINDS:
        raise RowRefused(f"catégorie « {category} » inconnue")
    kind, theme = KINDS[bare(category)]
    line = well_written(text(row.get("detail")))
    return place(
        name=name(row["nom"]),
        kind=kind,
        theme=theme,
        detail=line,
        address=text(row.get("adresse")) or None,
        capacity=count(row.get("capacite")),
        insee_code=readable(insee_code, row.get("insee_com")),
        iris_code=readable(iris_code, row.get("code_iris")),
        extra={"lines": [line]} if kind == "gare" else {},
        source=text(row.get("source")) or None,
    )


SHAPES = (
    Shape(
        frozenset({"nom_gares", "res_com"}),
        "IDFM emplacement-des-gares-idf",
        "Île-de-France Mobilités",
        "Gares et stations d’Île-de-France",
        _station,
    ),
    Shape(
        frozenset({"stationcode", "name", "capacity"}),
        "Smovengo velib-emplacement-des-stations",
        "Vélib’ Métropole",
        "Stations Vélib’",
        _bikes,
    ),
    Shape(
        frozenset({"lib_france_services"}),
        "ANCT france_services_2021",
        "Agence nationale de la cohésion des territoires (ANCT)",
        "France services",
        _desk,
    ),
    Shape(
        frozenset({"categorie", "nom"}),
        "",
        "Plusieurs producteurs",
        "Équipements",
        _listed,
    ),
)


def shape_of(layer: Layer) -> Shape:
    """Return how to read a layer.

    Raises
    ------
    FileRefused
        If no producer's shape has these columns.
    """
    for shape in SHAPES:
        if shape.columns <= set(layer.columns):
            return shape
    known = " ; ".join(", ".join(sorted(shape.columns)) for shape in SHAPES)
    raise FileRefused(
        f"{layer.file.name} n’est pas d’un producteur connu. Colonnes attendues : {known}."
    )


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the places of a layer, the lines of one station together."""
    shape = shape_of(layer)
    fallback = year_in(layer.file.stem)
    report = ImportReport("equipements", layer.file.name, layer.name, read=len(layer.rows))
    placed = on_earth(layer.geometries)

    def build(row: Fields, geometry: Any) -> dict[str, Any]:
        vintage = vintage_of(row.get("millesime"), options.vintage, fallback)
        if vintage is None:
            raise ask_for_vintage(layer.file)
        if geometry is None or geometry.geom_type != "Point":
            raise RowRefused("pas de position exploitable")
        values = {"source": shape.source} | shape.make(row) | {"vintage": vintage}
        return values | {"source": values["source"] or layer.name}

    rows = ((number, row, point if placed[number - 1] else None) for number, row, point in layer)
    label = first_text(*sorted(shape.columns, key=lambda column: "nom" not in column))
    drafts = with_keys(group_places(make_drafts(rows, report, build, label)))
    drafts = without_duplicates(drafts, EQUIPMENT, report)
    _note(drafts, report)
    report.vintages = tuple(sorted({draft.values["vintage"] for draft in drafts}))
    key = f"equipements-{slug(shape.source or layer.name)}"
    dataset = source_of(report, layer.sha256, shape.producer, shape.title, key)
    return Parsed(dataset, [Batch(EQUIPMENT, finished(drafts, "location"))], report)


def _note(drafts: Sequence[Draft], report: ImportReport) -> None:
    if len(drafts) < report.read - len(report.refused) - len(report.duplicates):
        report.notes.append(f"les lignes d’une même gare sont réunies : {len(drafts)} lieux.")
    unreadable = [
        draft.label
        for draft in drafts
        if draft.values["insee_code"] is None and text(draft.fields.get("insee_com"))
    ]
    if unreadable:
        report.notes.append(
            f"code de commune illisible, laissé vide, pour {len(unreadable)} lieu(x) : "
            + ", ".join(unreadable[:5])
        )


def group_places(drafts: Sequence[Draft]) -> list[Draft]:
    """Return one row per place: a station listed once per line becomes one, with its lines."""
    groups: dict[tuple[Any, ...], list[list[Draft]]] = {}
    for draft in drafts:
        key = (draft.values["source"], draft.values["kind"], draft.values["name"])
        clusters = groups.setdefault(key, [])
        near = next((c for c in clusters if _is_near(c[0], draft)), None)
        if near is None or draft.values["kind"] != "gare":
            clusters.append([draft])
        else:
            near.append(draft)
    return [_one(cluster) for clusters in groups.values() for cluster in clusters]


def _is_near(one: Draft, other: Draft) -> bool:
    return bool(shapely.distance(one.geometry, other.geometry) < SAME_PLACE_DEG)


def _one(cluster: Sequence[Draft]) -> Draft:
    """Return the row of a station: all its lines, the point in the middle of its platforms."""
    first = cluster[0]
    if "lines" not in first.values["extra"]:
        return first
    extra = {
        key: sorted({item for draft in cluster for item in draft.values["extra"][key] if item})
        for key in first.values["extra"]
    }
    points = shapely.MultiPoint([draft.geometry for draft in cluster])
    values = first.values | {"extra": extra, "detail": ", ".join(extra["lines"])}
    return Draft(first.number, first.label, values, shapely.centroid(points), first.fields)


def with_keys(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the rows with the key that tells them apart: name, and position when it is shared."""
    shared = Counter((draft.values["source"], draft.values["name"]) for draft in drafts)
    for draft in drafts:
        key = draft.values["name"]
        if shared[draft.values["source"], key] > 1:
            point = draft.geometry
            key = f"{key} ({point.y:.3f}, {point.x:.3f})"
        draft.values["source_key"] = key
    return list(drafts)
