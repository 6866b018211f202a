"""`qpvmap serve`: database, schema, jobs and web server, from one command that ends them all."""

import os
import signal
import sys
import threading
import time
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import click

from qpvmap.commands.database import database
from qpvmap.processes import KeptAlive
from qpvmap.serving import CannotServe, only_server, require_free_port, serve
from qpvmap.settings import Settings
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import make_engine
from qpvmap.vapid import private_key_path
from qpvmap.web.tallies import forget

WORKER = (sys.executable, "-m", "qpvmap.cli", "worker", "--parent")
STARTUP_S = 60.0


class Steps:
    """Numbered lines of progress, which follow those of the script that called us."""

    def __init__(self, before: str) -> None:
        done, _, total = before.partition("/")
        self._done, self._total = int(done), int(total)

    def next(self, text: str) -> None:
        """Announce the next step."""
        self._done += 1
        click.echo(f"[{self._done}/{self._total}] {text}")

    @staticmethod
    def detail(text: str) -> None:
        """Say what a long step is doing."""
        click.echo(f"      {text}")


@click.command("serve")
@click.option("--demo", is_flag=True, help="Charge d’abord la démonstration si la base est vide.")
@click.option("--steps", default="0/3", hidden=True, help="Steps done and in all: 4/7.")
def serve_command(demo: bool, steps: str) -> None:
    """Sert le site jusqu’à Ctrl-C : base de données, tâches de fond et pages."""
    signal.signal(signal.SIGTERM, _leave)
    settings = Settings()
    try:
        with only_server(settings.var_dir):
            require_free_port(settings)
            _serve(settings, Steps(steps), demo=demo)
    except CannotServe as error:
        raise click.ClickException(str(error)) from error
    click.echo("Arrêté.")


def _serve(settings: Settings, steps: Steps, *, demo: bool) -> None:
    steps.next("Base de données…")
    with database(settings, progress=steps.detail) as ready:
        lines = _prepare(ready, steps, demo=demo)
        private_key_path(ready)  # made now, once, rather than by whichever process asks first
        # The web workers and the job worker read their settings from the environment.
        os.environ["QPVMAP_DATABASE_URL"] = str(ready.database_url)
        steps.next("Site…")
        forget(ready.metrics_dir)
        jobs = KeptAlive([*WORKER, str(os.getpid())])
        jobs.start()
        try:
            _announce_when_up(ready, lines)
            serve(ready)
        finally:
            click.echo("Arrêt en cours…")
            jobs.stop()


def _prepare(settings: Settings, steps: Steps, *, demo: bool) -> list[str]:
    """Migrate, load the demonstration if asked; return what to tell once the site answers."""
    engine = make_engine(str(settings.database_url), pool_size=2)
    try:
        upgrade(engine)
        steps.next("Territoire et démonstration…")
        if not demo:
            return []
        from qpvmap.commands.demo import prepare_demo

        return prepare_demo(engine, settings)
    finally:
        engine.dispose()  # the web workers are forked: they must inherit no connection


def _announce_when_up(settings: Settings, lines: list[str]) -> None:
    threading.Thread(target=_announce, args=(settings, lines), daemon=True).start()


def _announce(settings: Settings, lines: list[str]) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 (compared, not bound)
    address = f"http://{host}:{settings.port}"
    deadline = time.monotonic() + STARTUP_S
    while not _answers(f"{address}/healthz"):
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    for line in lines:
        click.echo(line)
    click.echo(f"\nLe site est prêt : {address}   (Ctrl-C pour arrêter)")


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2):  # noqa: S310 (our own http address)
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Turn SIGTERM during the preparation into an orderly end."""
    raise SystemExit(128 + signal.SIGTERM)
