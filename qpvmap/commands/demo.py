"""`qpvmap demo`: the territory, its invented people and their signalements."""

import secrets
from datetime import UTC, datetime

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from qpvmap.commands.database import command_engine
from qpvmap.settings import Settings
from qpvmap.storage.accounts import demo_addresses
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import transaction
from qpvmap.storage.sites import territory_card
from qpvmap.usecases.demo import load_demo, reset_demo_passwords
from qpvmap.usecases.territory import load_territory

PASSWORD_BYTES = 9


@click.command("demo")
@click.option("--new-password", is_flag=True, help="Donne un autre mot de passe à la démo.")
@click.option("--territory-only", is_flag=True, help="Le territoire, sans rien d’inventé.")
def demo_command(new_password: bool, territory_only: bool) -> None:
    """Charge le territoire, puis des personnes et des signalements inventés."""
    with command_engine() as (engine, settings):
        upgrade(engine)
        with transaction(engine) as session:
            loaded = load_territory(session, settings.territory, datetime.now(UTC))
        click.echo(f"Territoire « {loaded.name} » : {'chargé' if loaded.wrote else 'à jour'}.")
        if not territory_only:
            for line in prepare_demo(engine, settings, new_password=new_password):
                click.echo(line)


def prepare_demo(engine: Engine, settings: Settings, *, new_password: bool = False) -> list[str]:
    """Load what is missing of the demonstration; return the lines that tell how to sign in.

    The password is told when it is made, and never again: only its digest is kept.
    """
    now = datetime.now(UTC)
    with transaction(engine) as session:
        if territory_card(session, settings.territory) is None:
            load_territory(session, settings.territory, now)
        password = _password(settings)
        if not demo_addresses(session):
            load_demo(session, settings.territory, password, now)
        elif settings.demo_password is None and not new_password:
            return _sign_in(session, None)
        else:
            reset_demo_passwords(session, password, now)
        return _sign_in(session, None if settings.demo_password else password)


def _password(settings: Settings) -> str:
    if settings.demo_password is not None:
        return settings.demo_password.get_secret_value()
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _sign_in(session: Session, password: str | None) -> list[str]:
    """Return the lines on the demo people; without the password, how to get another."""
    lines = ["Comptes de démonstration :"]
    lines += [f"  {address}" for address in demo_addresses(session)]
    if password is not None:
        return [*lines, f"Mot de passe (affiché une seule fois) : {password}"]
    return [
        *lines,
        "Mot de passe : celui de QPVMAP_DEMO_PASSWORD, ou celui affiché à la création ;",
        "pour en changer : qpvmap demo --new-password",
    ]
