"""`qpvmap`, the command line. Each command is imported when it is called: the others stay fast."""

import sys
from importlib import import_module

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from qpvmap import __version__
from qpvmap.core.errors import QpvmapError
from qpvmap.storage.cluster_layout import ClusterError

COMMANDS = {
    "serve": ("qpvmap.commands.serve:serve_command", "Sert le site."),
    "worker": ("qpvmap.commands.worker:worker_command", "Exécute les tâches de fond."),
    "demo": ("qpvmap.commands.demo:demo_command", "Charge la démonstration."),
    "db": ("qpvmap.commands.db:db_group", "Prépare et vérifie la base de données."),
    "import": ("qpvmap.commands.imports:import_group", "Importe un fichier officiel."),
    "data": ("qpvmap.commands.data:data_group", "Fichiers officiels, rues, calculs."),
    "user": ("qpvmap.commands.users:user_group", "Crée des comptes et des jetons."),
}
"""Name of each command: where it is, and its line of help."""


class LazyGroup(click.Group):
    """A group whose commands are named in `COMMANDS` and imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lines of help of the table, without importing a command."""
        with formatter.section("Commandes"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="qpvmap")
def cli() -> None:
    """Carte et signalements des quartiers prioritaires."""


def main() -> None:
    """Run a command; what its user can mend is one sentence, never a trace."""
    try:
        cli()
    except ValidationError as error:
        _fail(_explained(error))
    except (QpvmapError, ClusterError) as error:
        _fail(str(error))
    except OperationalError as error:
        _fail(f"La base de données ne répond pas : {error.orig}")


def _explained(error: ValidationError) -> str:
    """Return which settings are wrong; `error.input` stays out, it may be a secret."""
    wrong = (f"QPVMAP_{str(e['loc'][0]).upper()} : {e['msg']}" for e in error.errors() if e["loc"])
    return "Réglage invalide. " + " ; ".join(wrong)


def _fail(message: str) -> None:
    click.echo(f"Erreur : {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
