"""`qpvmap db`: bring the database to the present schema, and check that it is there."""

import click

from qpvmap.commands.database import command_engine
from qpvmap.storage.migrate import (
    current_revision,
    differences,
    head_revision,
    is_current,
    upgrade,
)


@click.group("db")
def db_group() -> None:
    """Prépare et vérifie la base de données."""


@db_group.command("upgrade")
def upgrade_command() -> None:
    """Met la base au schéma de cette version (la crée si elle est vide)."""
    with command_engine() as (engine, _):
        upgrade(engine)
        click.echo(f"Base de données à jour (version {current_revision(engine)}).")


@db_group.command("check")
def check_command() -> None:
    """Compare la base au schéma attendu ; sort avec le code 1 s’ils diffèrent."""
    with command_engine() as (engine, _):
        found, wanted = current_revision(engine), head_revision()
        if not is_current(engine):
            raise click.ClickException(
                f"Version {found or 'vide'}, attendue {wanted}. Lancez : qpvmap db upgrade"
            )
        drift = differences(engine)
    for difference in drift:
        click.echo(f"écart : {difference}")
    if drift:
        raise click.ClickException(f"{len(drift)} écart(s) avec le schéma attendu.")
    click.echo(f"La base de données est conforme (version {found}).")
