"""Import one file: read it, check it, write it, tell what happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qpvmap.core.geo import BBox
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, Found, find_all
from qpvmap.importers import (
    adresses,
    carreaux,
    communes,
    emprises,
    epci,
    equipements,
    equipment_tables,
    indicateurs,
    iris,
    lieux,
    qpv,
    routes,
)
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import Options, Parsed, Progress, silent
from qpvmap.importers.reading import Layer, check_file, is_plain_json, read_layer
from qpvmap.importers.report import FileRefused, ImportReport
from qpvmap.settings import Settings
from qpvmap.storage.addresses import knows_addresses, nearest_address
from qpvmap.storage.equipment import find_matches
from qpvmap.storage.ground import bodies_of, touched_codes
from qpvmap.storage.import_places import commune_names, territory_box
from qpvmap.storage.operations import measure_plans
from qpvmap.storage.territory import find_territory
from qpvmap.storage.unplaced import placed_by_hand
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
TABLE_KINDS: Mapping[str, Callable[[Path, Options], Parsed]] = {
    "adresses": adresses.parse,
    "carreaux": carreaux.parse,
}
KINDS = (*LAYER_KINDS, "indicateurs", "lieux", "adresses", "carreaux")
MATCHED = frozenset({"equipements", "lieux"})
NAMES_COMMUNES = frozenset({"qpv", "equipements", "lieux", "adresses"})
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
    search: lieux.Search | None = None


def search_addresses(
    session: Session, asked: Sequence[Asked], progress: Progress
) -> list[Found | None]:
    """Return where addresses are: by the service, else by the addresses that were imported.

    Raises
    ------
    GeocoderUnavailable
        If there is neither.
    """

    def advance(done: int, total: int) -> None:
        progress(10 + 60 * done // total, f"recherche des adresses, {done} sur {total}")

    try:
        return find_all(Settings(), asked, advance)
    except GeocoderUnavailable:
        if not knows_addresses(session):
            raise
    known = (nearest_address(session, one.address, one.insee_code) for one in asked)
    return [Found(*found) if found else None for found in known]


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
    options = known_options(session, request, progress)
    if request.kind == "lieux":
        search = request.search or partial(search_addresses, session, progress=progress)
        parsed = lieux.parse(request.path, request.layer, options, search)
    else:
        parsed = parse(request, options)
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
    if request.kind == "lieux" and territory is not None:
        by_hand = placed_by_hand(session)
        return replace(
            options,
            territory_id=territory.id,
            territory=territory.code,
            placed_by_hand=by_hand,
        )
    if request.kind == "carreaux":
        box = territory_box(session, request.territory)
        return replace(options, box=BBox(*box) if box else None)
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
    if request.kind in TABLE_KINDS:
        return TABLE_KINDS[request.kind](request.path, options)
    if request.kind == "indicateurs":
        return indicateurs.parse(request.path, options, request.layer)
    if request.kind == "equipements" and equipment_tables.is_table(request.path):
        return equipment_tables.parse(request.path, options)
    if request.kind == "epci" and is_plain_json(request.path):
        return epci.parse(epci.read_list(request.path), options)
    layer = read_layer(request.path, request.kind, request.layer, request.vintage)
    if not layer.rows:
        raise FileRefused(f"{request.path.name} ne contient aucune ligne.")
    if request.kind == "equipements" and equipment_tables.is_table_layer(layer):
        return equipment_tables.parse_layer(layer, options)
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
    if request.kind in MATCHED:
        _match(session, request, parsed)
    if request.kind == "qpv":
        measure_plans(session)
    if request.dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()


def _match(session: Session, request: ImportRequest, parsed: Parsed) -> None:
    """Propose what may be the same place as one of another source."""
    territory = find_territory(session, request.territory)
    pairs = find_matches(session, territory.id) if territory else 0
    if pairs:
        parsed.report.notes.append(
            f"{pairs} lieux ressemblent à ceux d’une autre source : voir la page « Doublons »."
        )
