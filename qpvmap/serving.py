"""The web server: granian's workers, each with its own application and connections."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from qpvmap.settings import Settings

FACTORY = "qpvmap.app:create_app_from_env"
HEADER_TIMEOUT_MS = 5_000
HEADER_MAX_BYTES = 32_768


class CannotServe(RuntimeError):
    """The port or the installation is taken; the message, in French, says what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are answered first.

    The workers read their settings from the environment, as any process of the site. They
    are forked: what is imported here is shared, and they are ready at once.
    """
    import_module(FACTORY.partition(":")[0])
    server = Server(
        FACTORY,
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backpressure=2 * settings.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=HEADER_MAX_BYTES
        ),
    )
    server.serve()


def require_free_port(settings: Settings) -> None:
    """Refuse a port on which something listens: granian would share it without a word.

    Raises
    ------
    CannotServe
        If the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotServe(
                f"Impossible d’écouter sur {settings.host}, port {settings.port} "
                f"({error.strerror}). Un autre programme l’utilise sans doute : arrêtez-le, ou "
                f"choisissez un autre port, par exemple QPVMAP_PORT={settings.port + 1}."
            ) from error


@contextmanager
def only_server(var_dir: Path) -> Iterator[None]:
    """Hold the lock of this installation; worker processes inherit it, orphans included.

    Raises
    ------
    CannotServe
        If another server of the same folder runs.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(var_dir / "serve.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        _take(handle, var_dir)
        yield
    finally:
        os.close(handle)


def _take(handle: int, var_dir: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotServe(
            f"Le site tourne déjà pour ce dossier ({var_dir}). Arrêtez-le d’abord (Ctrl-C)."
        ) from error
