"""`qpvmap user`: accounts, and tokens for programs."""

from datetime import UTC, datetime

import click

from qpvmap.commands.database import command_transaction
from qpvmap.core.actors import Role
from qpvmap.core.errors import NotFound
from qpvmap.storage.accounts import account_by_email
from qpvmap.usecases.accounts import NewAccount, create_account, issue_token

ROLES = click.Choice([role.value for role in Role if role is not Role.PUBLIC])


@click.group("user")
def user_group() -> None:
    """Crée des comptes et des jetons."""


@user_group.command("create")
@click.argument("email")
@click.option("--name", default="", help="Nom affiché aux collègues.")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="Rôle(s).")
@click.option("--team", "teams", multiple=True, help="Code de service ; peut être répété.")
@click.option("--territory", help="Code du territoire ; sans lui, celui du site.")
@click.option(
    "--password",
    envvar="QPVMAP_NEW_PASSWORD",
    help="Mot de passe ; sans lui, la personne demande un lien par « Mot de passe oublié ».",
)
def create(  # one parameter for each option of the command
    email: str,
    name: str,
    roles: tuple[str, ...],
    teams: tuple[str, ...],
    territory: str | None,
    password: str | None,
) -> None:
    """Crée le compte de EMAIL."""
    with command_transaction() as (session, settings):
        new = NewAccount(
            email=email,
            name=name,
            roles=tuple(Role(role) for role in roles),
            team_codes=teams,
            territory_code=territory or settings.territory,
            password=password,
        )
        account = create_account(session, new, datetime.now(UTC))
        click.echo(f"Compte créé : {account.email}", err=True)


@user_group.command("token")
@click.argument("email")
@click.option("--name", default="ligne de commande", show_default=True, help="À quoi il sert.")
def token(email: str, name: str) -> None:
    """Écrit sur la sortie un nouveau jeton d’API de EMAIL, seul."""
    with command_transaction() as (session, _settings):
        account = account_by_email(session, email)
        if account is None:
            raise NotFound("Compte", email)
        issued = issue_token(session, account.id, name, datetime.now(UTC))
    click.echo(issued)
