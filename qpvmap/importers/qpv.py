"""Priority neighbourhoods: outlines of every generation, and the list by commune.

ANCT also publishes one point per commune with the codes and names of its quarters: that makes
a register, without outlines. It completes what is known and never erases an outline.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from qpvmap.importers import fields
from qpvmap.importers.cleaning import insee_code, insee_codes, name, qpv_code, split_list, text
from qpvmap.importers.editions import QPV_GENERATIONS, ask_for_vintage, vintage_of
from qpvmap.importers.fields import require_fields
from qpvmap.importers.gathering import (
    Draft,
    Fields,
    Options,
    Parsed,
    by_role,
    first_text,
    make_drafts,
)
from qpvmap.importers.polygons import PolygonKind, parse_polygons, parsed
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import ImportReport, RowRefused
from qpvmap.storage.imports import QPV

ABBREVIATIONS = {"st": "saint", "ste": "sainte"}
ORDINAL = re.compile(r"^(\d+)(?:er|ere|e|eme)$")
"""Arrondissements: "14ème" in one list is "14e" in another."""


def generation(row: Fields) -> int | None:
    """Return the generation that a quarter's code tells by its first letters."""
    return QPV_GENERATIONS.get(text(row.get("code")).upper()[:2])


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the quarters of a layer of outlines, or of the list by commune."""
    kinds = {shape.geom_type for shape in layer.geometries if shape is not None}
    if kinds and kinds <= {"Point", "MultiPoint"}:
        return parse_register(layer, options)
    unknown: set[str] = set()
    codes = CommuneCodes(options.commune_names)

    def make(row: Fields) -> dict[str, Any]:
        code = qpv_code(row["code"])
        found = insee_codes(row.get("insee_codes"))
        if not found:
            found, missing = codes.of(code, split_list(row.get("commune_names")))
            unknown.update(missing)
        return {"code": code, "name": name(row["name"]), "insee_codes": found or None}

    result = parse_polygons(outline_kind(make), layer, options)
    if unknown:
        result.report.notes.append(
            f"{len(unknown)} commune(s) nommée(s) sans code connu en base : importez les communes, "
            "puis ce fichier de nouveau."
        )
    return result


def outline_kind(make: Any) -> PolygonKind:
    """Return the kind of the outlines of quarters."""
    return PolygonKind(
        key="qpv",
        target=QPV,
        fields=fields.QPV,
        required=("code", "name"),
        make=make,
        title="Quartiers prioritaires de la politique de la ville",
        producer="Agence nationale de la cohésion des territoires (ANCT)",
        guess=generation,
    )


class CommuneCodes:
    """Finds a commune's code by its name, inside the department that a quarter's code tells."""

    def __init__(self, known: Sequence[tuple[str, str]]) -> None:
        self._codes = {(_department(code), plain_name(label)): code for code, label in known}

    def of(self, qpv: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the codes found, sorted, and the names that stay unknown."""
        department = qpv[2:5].removeprefix("0")
        by_name = {label: self._codes.get((department, plain_name(label))) for label in names}
        found = {code for code in by_name.values() if code is not None}
        return sorted(found), [label for label, code in by_name.items() if code is None]


def _department(code: str) -> str:
    return code[:3] if code.startswith("97") else code[:2]


def plain_name(label: str) -> str:
    """Return a commune's name as two lists can be compared: no accents, case or hyphens."""
    ascii_only = unicodedata.normalize("NFKD", label.replace("œ", "oe").replace("Œ", "OE"))
    words = re.findall(r"[a-z0-9]+", ascii_only.encode("ascii", "ignore").decode().lower())
    return " ".join(ABBREVIATIONS.get(word, ORDINAL.sub(r"\1", word)) for word in words)


def parse_register(layer: Layer, options: Options) -> Parsed:
    """Return the quarters named commune by commune, without outlines."""
    columns = require_fields(fields.QPV, layer.columns, ("code", "name", "insee_codes"))
    report = ImportReport("qpv", layer.file.name, layer.name, read=len(layer.rows))

    def build(row: Fields, _geometry: Any) -> dict[str, Any]:
        codes = [qpv_code(code) for code in split_list(row["code"])]
        if not codes:
            raise RowRefused("aucun code de quartier")
        vintage = vintage_of(row.get("vintage"), options.vintage, generation(row))
        if vintage is None:
            raise ask_for_vintage(layer.file)
        return {
            "insee_code": insee_code(row["insee_codes"]),
            "names": dict(zip(codes, names_of(codes, row["name"]), strict=True)),
            "vintage": vintage,
        }

    rows = ((number, by_role(row, columns), shape) for number, row, shape in layer)
    lines = make_drafts(rows, report, build, first_text("insee_codes", "code"))
    report.notes.append(
        "Ce fichier est une liste par commune : codes, noms et communes, sans contours. "
        "Les contours déjà connus sont gardés."
    )
    unnamed = outline_kind(lambda row: {})
    return parsed(unnamed, layer, list(by_quarter(lines).values()), report)


def names_of(codes: Sequence[str], field: Any) -> Sequence[str | None]:
    """Return a name for each code; None when the list of names does not match.

    A name may itself hold the separator ("Bastide; Tricot et Lapeyrade"): alone, it is whole.
    """
    if len(codes) == 1:
        return [text(field) or None]
    for separators in (",", ";", ",;"):
        names = split_list(field, separators)
        if len(names) == len(codes):
            return names
    return [None] * len(codes)


def by_quarter(lines: Sequence[Draft]) -> Mapping[tuple[str, int], Draft]:
    """Return one row per quarter, with every commune that names it."""
    quarters: dict[tuple[str, int], Draft] = {}
    for line in lines:
        vintage = line.values["vintage"]
        for code, label in line.values["names"].items():
            values = {"code": code, "vintage": vintage, "name": label, "insee_codes": []}
            quarter = quarters.setdefault((code, vintage), Draft(line.number, code, values))
            quarter.values["name"] = quarter.values["name"] or label
            communes = {*quarter.values["insee_codes"], line.values["insee_code"]}
            quarter.values["insee_codes"] = sorted(communes)
    return quarters
