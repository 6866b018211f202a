"""`qpvmap worker`: the background jobs, until SIGTERM."""

import click

from qpvmap.commands.database import database
from qpvmap.jobs.app import run_worker
from qpvmap.processes import die_with_parent
from qpvmap.settings import Settings


@click.command("worker")
@click.option("--parent", type=int, hidden=True, help="Pid of the server it ends with.")
def worker_command(parent: int | None) -> None:
    """Exécute les tâches de fond (courriels, calculs) jusqu’à l’arrêt."""
    if parent is not None:
        die_with_parent(parent)
    with database(Settings()) as settings:
        run_worker(settings)
