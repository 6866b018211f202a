"""`qpvmap data streets` and `data coverage`: the streets of a territory, the walks along them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import Engine

from qpvmap.commands.database import command_engine
from qpvmap.commands.imports import progress_bar
from qpvmap.core.deadlines import PARIS
from qpvmap.core.geo import BBox
from qpvmap.importers.report import FileRefused
from qpvmap.importers.streets import StreetFile, read_streets
from qpvmap.storage.import_places import territory_box
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import transaction
from qpvmap.storage.territory import find_territory
from qpvmap.usecases.coverage import (
    Reckoning,
    StreetsToKeep,
    drop_streets,
    keep_streets,
    reckon,
)

STREETS_HELP = """Lit les rues où l’on marche dans FICHIER, un extrait OpenStreetMap (.osm.pbf ou
.osm), et refait le calcul de « Ce qui manque où » en suivant ces rues.

Les rues du territoire et de 3 km autour sont gardées. Les extraits de région de Geofabrik ou
d’OpenStreetMap France conviennent. Sans FICHIER, avec --remove : revient au vol d’oiseau.
"""
COVERAGE_HELP = """Refait le calcul de « Ce qui manque où ».

Il se refait de lui-même, par les tâches de fond, dans les cinq minutes qui suivent un changement
d’équipements, de population ou de rues.
"""
MARGIN = 0.03
"""Degrees around the communes, as the equipment that is walked to: 2 to 3 km."""
METHODS = {"streets": "par les rues", "straight": "à vol d’oiseau allongé de 30 %"}


def on_territory(function: click.decorators.FC) -> click.decorators.FC:
    """Add the option that names a territory."""
    option = click.option(
        "--territory", metavar="CODE", help="Territoire, par son code (QPVMAP_TERRITORY)."
    )
    return option(function)


@click.command("streets", help=STREETS_HELP)
@click.argument("file", metavar="[FICHIER]", required=False, type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Oublie les rues du territoire.")
@on_territory
def streets_command(file: Path | None, remove: bool, territory: str | None) -> None:
    """Keep the streets of a file, or forget those kept; reckon the walks."""
    if remove == (file is not None):
        raise click.UsageError("Donnez un extrait OpenStreetMap, ou bien --remove.")
    with command_engine() as (engine, settings):
        upgrade(engine)
        code = territory or settings.territory
        key, box = territory_of(engine, code)
        if file is None:
            with transaction(engine) as session:
                had_some = drop_streets(session, key, datetime.now(UTC))
            click.echo("Rues oubliées." if had_some else "Ce territoire n’avait pas de rues.")
        else:
            click.echo(keep_file(engine, key, box, file, settings.var_dir))
        click.echo(reckoned_now(engine, key))


@click.command("coverage", help=COVERAGE_HELP)
@on_territory
def coverage_command(territory: str | None) -> None:
    """Reckon the walks of a territory now."""
    with command_engine() as (engine, settings):
        upgrade(engine)
        key, _ = territory_of(engine, territory or settings.territory)
        click.echo(reckoned_now(engine, key))


def territory_of(engine: Engine, code: str) -> tuple[int, BBox]:
    """Return the key of a territory, and the box of its communes with what is walked to around.

    Raises
    ------
    click.ClickException
        If it is not loaded.
    """
    with transaction(engine) as session:
        found, box = find_territory(session, code), territory_box(session, code)
        if found is None or box is None:
            raise click.ClickException(
                f"Le territoire « {code} » n’est pas chargé. Lancez d’abord : qpvmap demo "
                "--territory-only"
            )
        west, south, east, north = box
        return found.id, BBox(west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)


def keep_file(engine: Engine, territory_id: int, box: BBox, file: Path, folder: Path) -> str:
    """Read and keep the streets of a file; return what is told of them.

    What waits on disk meanwhile does in `folder`, and goes.

    Raises
    ------
    click.ClickException
        If it cannot be read.
    """
    try:
        with progress_bar(file.name) as progress:
            folder.mkdir(parents=True, exist_ok=True)
            found = read_streets(file, box, progress, folder)
            kept = StreetsToKeep(file.name, found.sha256, found.dated_at, found.network)
            progress(80, "écriture en base")
            with transaction(engine) as session:
                changed = keep_streets(session, territory_id, kept, datetime.now(UTC))
            progress(100, "terminé")
    except FileRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    return streets_words(found, changed=changed)


def streets_words(found: StreetFile, *, changed: bool) -> str:
    """Return what is told of the streets of a file."""
    kilometres = round(float(found.network.metres.sum()) / 1000)
    return (
        f"{found.ways} voies où l’on marche, {kilometres} km, données du "
        f"{found.dated_at.astimezone(PARIS):%d/%m/%Y}, {found.gates} passages fermés"
        f"{'' if changed else ' : rien n’a changé'}."
    )


def reckoned_now(engine: Engine, territory_id: int) -> str:
    """Reckon the walks; return what is told of them."""
    begun = datetime.now(UTC)
    with transaction(engine) as session:
        found = reckon(session, territory_id, begun)
    return reckoning_words(found, datetime.now(UTC) - begun)


def reckoning_words(found: Reckoning, spent: timedelta) -> str:
    """Return what is told of a reckoning."""
    lines = [
        f"Temps de marche {METHODS[found.method]} : {found.points} points habités, en "
        f"{spent.total_seconds():.1f} s."
    ]
    if found.astray:
        lines.append(f"  {found.astray} points à plus de 100 m d’une rue : à vol d’oiseau.")
    if found.cut_off:
        lines.append(f"  {found.cut_off} points d’où aucun chemin ne mène à l’un des thèmes.")
    if found.places_astray:
        lines.append(f"  {found.places_astray} équipements à plus de 300 m d’une rue, laissés.")
    return "\n".join(lines)
