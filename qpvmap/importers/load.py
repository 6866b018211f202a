"""Import one file: read it, check it, write it, tell what happened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qpvmap.importers import (
    communes,
    emprises,
    epci,
    equipements,
    equipment_tables,
    indicateurs,
    iris,
    qpv,
    routes,
)
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import Options, Parsed, Progress, silent
from qpvmap.importers.reading import Layer, check_file, is_plain_json, read_layer
from qpvmap.importers.report import FileRefused, ImportReport
from qpvmap.storage.ground import bodies_of, touched_codes
from qpvmap.storage.import_places import commune_names
from qpvmap.storage.territory import find_territory
from qpvmap.usecases.imports import store

LAYER_KINDS: Mapping[str, Callable[[Layer, Options], Parsed]] = {
    "qpv": qpv.parse,
    "iris": iris.parse,
    "communes": communes.parse,
    "epci": epci.parse,
    "equipements": equipements.parse,
    "routes": routes.parse,
    "emprises": emprises.parse,
}
KINDS = (*LAYER_KINDS, "indicateurs")
NAMES_COMMUNES = frozenset({"qpv", "equipements"})
"""Kinds whose files name communes: those that are known tell what to keep."""


@dataclass(frozen=True)
class ImportRequest:
    """What the operator asks: a kind of KINDS, a file, maybe its edition and layer.

    `territory` is the code of the one that pieces of ground are of.
    """

    kind: str
    path: Path
    vintage: int | None = None
    layer: str | None = None
    dry_run: bool = False
    territory: str = ""


def import_file(
    session: Session, request: ImportRequest, now: datetime, progress: Progress = silent
) -> ImportReport:
    """Import a file within the caller's transaction; return the report.

    Nothing is written when a row is refused, or with `dry_run`.

    Raises
    ------
    FileRefused
        If the file as a whole cannot be imported.
    """
    progress(0, "lecture du fichier")
    parsed = parse(request, known_options(session, request, progress))
    report = parsed.report
    report.dry_run = request.dry_run
    if report.accepted:
        progress(70, "écriture en base")
        _write(session, request, parsed, now)
    progress(100, "terminé")
    return report


def known_options(session: Session, request: ImportRequest, progress: Progress) -> Options:
    """Return what was asked for, with what its kind needs to know of the database."""
    names = commune_names(session) if request.kind in NAMES_COMMUNES else ()
    options = Options(request.vintage, names, progress=progress)
    territory = find_territory(session, request.territory)
    if request.kind != "emprises" or territory is None:
        return options
    bodies = bodies_of(session, territory.id)
    return replace(
        options,
        territory_id=territory.id,
        bodies={bare(word): body.id for body in bodies for word in (body.name, body.code)},
        drawn_by_hand=touched_codes(session, territory.id),
    )


def parse(request: ImportRequest, options: Options) -> Parsed:
    """Return what the file gives, with no effect on the database."""
    check_file(request.path)
    if request.kind == "indicateurs":
        return indicateurs.parse(request.path, options)
    if request.kind == "equipements" and equipment_tables.is_table(request.path):
        return equipment_tables.parse(request.path, options)
    if request.kind == "epci" and is_plain_json(request.path):
        return epci.parse(epci.read_list(request.path), options)
    layer = read_layer(request.path, request.kind, request.layer, request.vintage)
    if not layer.rows:
        raise FileRefused(f"{request.path.name} ne contient aucune ligne.")
    return LAYER_KINDS[request.kind](layer, options)


def _write(session: Session, request: ImportRequest, parsed: Parsed, now: datetime) -> None:
    """Write inside a savepoint, so that a failure leaves the caller's transaction usable."""
    batches = [(batch.target, batch.rows) for batch in parsed.batches]
    savepoint = session.begin_nested()
    try:
        counts = store(session, parsed.dataset, batches, now)
    except (SQLAlchemyError, psycopg.Error) as error:
        savepoint.rollback()
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise FileRefused(f"La base a refusé {request.path.name} : {reason}") from error
    parsed.report.counts = counts[-1]
    if request.dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
