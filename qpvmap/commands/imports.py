"""`qpvmap import` and `qpvmap data fetch`: official files into the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Engine

from qpvmap.commands.database import command_engine
from qpvmap.core.geo import BBox
from qpvmap.importers.fetch import Advance, Fetcher, FetchFailed, ServiceUnreachable
from qpvmap.importers.gathering import Progress
from qpvmap.importers.load import KINDS, ImportRequest, import_file
from qpvmap.importers.official import ERRANDS, Errand
from qpvmap.importers.report import (
    SHOWN,
    ChoiceNeeded,
    FileRefused,
    ImportReport,
    LayerChoiceNeeded,
)
from qpvmap.storage.import_places import territory_box
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import transaction
from qpvmap.usecases.territory import load_territory

IMPORT_HELP = """Importe un FICHIER officiel : GeoPackage, GeoJSON, Shapefile (ou .zip qui en
contient un), CSV d’indicateurs.

SORTE : qpv, iris, communes, epci, equipements, routes, emprises (terrains et leur gestionnaire),
indicateurs, lieux (liste d’une commune, avec adresses), adresses (Base adresse nationale) ou
carreaux (population par carreaux de 200 m de l’Insee).

Importer deux fois le même fichier ne change rien. Si une ligne est refusée, rien n’est écrit.
Code de sortie : 0 importé, 1 refusé, 2 à préciser (édition, couche).
"""

FETCH_HELP = """Télécharge les contours officiels du territoire et les importe.

Quartiers de data.gouv.fr, IRIS et communes de la Géoplateforme de l’IGN. Un téléchargement coupé
reprend où il en était. Sans réseau, les données fournies avec l’application restent en place.
"""
FALLBACK = "Les données fournies avec l’application restent en place."


@click.command("import", help=IMPORT_HELP)
@click.argument("kind", metavar="SORTE", type=click.Choice(KINDS))
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path))
@click.option("--vintage", type=int, metavar="ANNÉE", help="Édition, si le fichier ne la dit pas.")
@click.option("--layer", metavar="NOM", help="Couche, si le fichier en a plusieurs.")
@click.option("--dry-run", is_flag=True, help="Lit et contrôle tout, n’écrit rien.")
@click.option("--all", "show_all", is_flag=True, help="Montre toutes les lignes du rapport.")
def import_group(
    kind: str, file: Path, vintage: int | None, layer: str | None, dry_run: bool, show_all: bool
) -> None:
    """Import one official file; 0 done, 1 refused, 2 something to make clear."""
    with command_engine() as (engine, settings):
        upgrade(engine)
        request = ImportRequest(kind, file, vintage, layer, dry_run, settings.territory)
        report = run_import(engine, request)
    click.echo(report.text(shown=None if show_all else SHOWN))
    if not report.accepted:
        sys.exit(1)


def run_import(engine: Engine, request: ImportRequest) -> ImportReport:
    """Import one file in its own transaction, with a progress bar; ask what only a person knows.

    Raises
    ------
    click.UsageError
        If the file leaves a choice open and nobody is at the keyboard.
    """
    try:
        with progress_bar(request.path.name) as progress, transaction(engine) as session:
            return import_file(session, request, datetime.now(UTC), progress)
    except LayerChoiceNeeded as choice:
        if not sys.stdin.isatty():
            raise click.UsageError(str(choice)) from choice
        layer = click.prompt("Quelle couche ?", type=click.Choice(choice.layers), err=True)
        return run_import(engine, replace(request, layer=layer))
    except ChoiceNeeded as choice:
        raise click.UsageError(str(choice)) from choice


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Give a function that moves a bar on the error stream, in percent."""
    with click.progressbar(
        length=100, label=label, file=sys.stderr, item_show_func=lambda doing: doing
    ) as bar:

        def advance(percent: int, doing: str) -> None:
            bar.update(max(0, percent - bar.pos), doing)

        yield advance


@click.command("fetch", help=FETCH_HELP)
@click.option("--territory", metavar="CODE", help="Territoire, par son code (QPVMAP_TERRITORY).")
@click.option("--only", type=click.Choice(list(ERRANDS)), multiple=True, help="Cette sorte seule.")
@click.option(
    "--vintage",
    type=int,
    metavar="ANNÉE",
    help="Édition des IRIS et communes, si le service ne la dit pas.",
)
def fetch_command(territory: str | None, only: tuple[str, ...], vintage: int | None) -> None:
    """Download and import what the official services have for a territory."""
    now = datetime.now(UTC)
    with command_engine() as (engine, settings):
        upgrade(engine)
        bbox = territory_bbox(engine, territory or settings.territory, now)
        folder = settings.var_dir / "downloads"
        errand = Errand(settings, folder, bbox, now, vintage)
        with Fetcher() as fetcher:
            outcomes = [fetch_one(engine, fetcher, errand, kind) for kind in only or ERRANDS]
    sys.exit(max(outcomes))


def territory_bbox(engine: Engine, code: str, now: datetime) -> BBox:
    """Return the box of a territory, loaded from the bundled data if it is not there yet."""
    with transaction(engine) as session:
        box = territory_box(session, code)
        if box is None:
            load_territory(session, code, now)
            box = territory_box(session, code)
    if box is None:
        raise click.ClickException(f"Le territoire « {code} » n’a pas de communes.")
    return BBox(*box)


def fetch_one(engine: Engine, fetcher: Fetcher, errand: Errand, kind: str) -> int:
    """Fetch and import one kind; return the command's exit code for it.

    0 when done or without network, 1 when something is wrong, 2 when the edition is to be given.

    The data shipped with the application stays in place whatever happens.
    """
    try:
        with download_bar(kind) as advance:
            download = ERRANDS[kind](fetcher, replace(errand, advance=advance))
        report = run_import(engine, ImportRequest(kind, download.path, download.vintage))
    except click.UsageError as error:
        click.echo(f"{kind} : {error.message} {FALLBACK}", err=True)
        return 2
    except ServiceUnreachable as error:
        click.echo(f"{kind} : {error} {FALLBACK}", err=True)
        return 0
    except (FetchFailed, FileRefused) as error:
        click.echo(f"{kind} : {error} {FALLBACK}", err=True)
        return 1
    click.echo(report.text())
    return 0 if report.accepted else 1


@contextmanager
def download_bar(kind: str) -> Iterator[Advance]:
    """Give a function that moves a bar on the error stream, told what is here of how much."""
    with click.progressbar(length=100, label=f"Téléchargement {kind}", file=sys.stderr) as bar:

        def advance(received: int, total: int) -> None:
            percent = 100 * received // total if total else 0
            bar.update(max(0, percent - bar.pos))

        yield advance
