"""The embedded PostGIS: a private cluster under `var/`, made, started and stopped by us.

It listens on a socket only, so several checkouts never collide and nobody else gets in.
Whoever uses it holds a shared lock; the last one out stops it.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from qpvmap.storage.cluster_layout import ClusterError, Layout, layout_for, programs_for
from qpvmap.storage.cluster_recovery import clear_leftovers, pid_lines, running_server

__all__ = [
    "ClusterError",
    "create_database",
    "drop_database",
    "ensure_running",
    "in_use",
    "stop",
    "throwaway",
]

DATABASE = "qpvmap"
Progress = Callable[[str], None]

CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "500ms",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder is made with mkdtemp
MEMORY_NEEDED = 4 * 1024**3
FILE_COPY_SINCE = 150000
SOCKET_LINE = 4
STALE_AFTER_S = 60


def ensure_running(var_dir: Path, *, durable: bool = True, progress: Progress | None = None) -> str:
    """Return the address of the database `qpvmap`, making and starting the cluster if needed.

    Parameters
    ----------
    var_dir : Path
        Folder that holds the cluster (or a link to it, when root may not keep it there).
    durable : bool
        False gives up crash safety for speed: tests only.
    progress : callable, optional
        Told in French what is being done.

    Raises
    ------
    ClusterError
        If PostgreSQL or PostGIS is missing, or the server refuses to start.
    """
    layout = layout_for(var_dir)
    with _lock(layout, "pg.lock"):
        return _start(layout, durable=durable, progress=progress or _silent)


@contextmanager
def in_use(var_dir: Path, *, progress: Progress | None = None) -> Iterator[str]:
    """Yield the address of the running cluster; stop it on leaving when nobody else uses it."""
    layout = layout_for(var_dir)
    users = _open(layout, "pg.users")
    try:
        with _lock(layout, "pg.lock"):
            url = _start(layout, durable=True, progress=progress or _silent)
            fcntl.flock(users, fcntl.LOCK_SH)
        yield url
    finally:
        with _lock(layout, "pg.lock"):
            if _exclusive(users):
                _stop(layout, "fast")
        os.close(users)


def stop(var_dir: Path, *, mode: str = "fast") -> None:
    """Stop the cluster of `var_dir` if it runs; `mode` is PostgreSQL's: smart, fast, immediate."""
    layout = layout_for(var_dir)
    with _lock(layout, "pg.lock"):
        _stop(layout, mode)


@contextmanager
def throwaway(*, in_memory: bool = False) -> Iterator[str]:
    """Yield the address of a fast, empty cluster that disappears on leaving (for tests).

    It is kept in memory where that is asked and there is room: for those who make databases
    again and again, each of them a thousand small files.
    """
    disk = Path(tempfile.gettempdir())
    for parent in {disk, MEMORY}:
        _sweep(parent)
    parent = MEMORY if in_memory and _has_room(MEMORY) else disk
    var_dir = Path(tempfile.mkdtemp(prefix="qpvmap-test-", dir=parent))
    var_dir.chmod(0o711)
    layout = layout_for(var_dir)
    with _lock(layout, "pg.users"):
        try:
            yield ensure_running(var_dir, durable=False)
        finally:
            _discard(var_dir)


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Create the database `name` on the server of `url` and return its address.

    A copy is made of files, as before PostgreSQL 15: written to the journal it takes twice as long.
    """
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    with _administration(url) as connection:
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            if connection.info.server_version >= FILE_COPY_SINCE:
                statement += sql.SQL(" STRATEGY FILE_COPY")
        connection.execute(statement)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, name: str) -> None:
    """Drop the database `name` of the server of `url`, disconnecting whoever is on it."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with _administration(url) as connection:
        connection.execute(statement)


def _exists(url: str, name: str) -> bool:
    with _administration(url) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name])
        return found.fetchone() is not None


def _administration(url: str) -> psycopg.Connection:
    """Return a connection to the server's own database, for what no transaction may hold."""
    address = make_url(url).set(drivername="postgresql", database="postgres")
    return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)


def _start(layout: Layout, *, durable: bool, progress: Progress) -> str:
    if running_server(layout.data) is None:
        programs = programs_for(layout.data)
        if not layout.data.is_dir():
            progress("Création de la base de données…")
            _initialise(layout, programs, durable=durable)
        clear_leftovers(layout.data, layout.socket_dir)
        _configure(layout, durable=durable)
        progress("Démarrage de la base de données…")
        _launch(layout, programs)
    return _ready(layout)


def _initialise(layout: Layout, programs: Path, *, durable: bool) -> None:
    """Run initdb beside the final folder, so that an interrupted one leaves nothing usable."""
    half_made = layout.home / "data.new"
    shutil.rmtree(half_made, ignore_errors=True)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    options += [] if durable else ["--no-sync"]
    _run(layout, [str(programs / "initdb"), "-D", half_made.name, *options])
    half_made.rename(layout.data)


def _configure(layout: Layout, *, durable: bool) -> None:
    values = CONFIGURATION | {"unix_socket_directories": str(layout.socket_dir)}
    values |= {} if durable else THROWAWAY
    lines = [f"{key} = '{value}'\n" for key, value in values.items()]
    (layout.data / "qpvmap.conf").write_text("".join(lines))
    (layout.data / "qpvmap.conf").chmod(0o644)
    main = layout.data / "postgresql.conf"
    if "include 'qpvmap.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'qpvmap.conf'\n")


def _launch(layout: Layout, programs: Path) -> None:
    """Start the server; names are relative because pg_ctl passes them through a shell."""
    command = [str(programs / "pg_ctl"), "start", "-w", "-t", "120", "-s", "-D", "data"]
    try:
        _run(layout, [*command, "-l", layout.log.name])
    except ClusterError as error:
        raise ClusterError(
            "\n".join([str(error), f"Journal {layout.log} :", *_tail(layout.log)])
        ) from error


def _tail(log: Path) -> list[str]:
    """Return the last lines of a log, for an error message."""
    return log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []


def _ready(layout: Layout) -> str:
    """Return the address once the server answers there, making the database if it is new."""
    lines = pid_lines(layout.data)
    socket_dir = Path(lines[SOCKET_LINE]) if len(lines) > SOCKET_LINE else layout.socket_dir
    url = layout.url(DATABASE, socket_dir)
    deadline = time.monotonic() + 30
    while True:
        try:
            if not _exists(url, DATABASE):
                create_database(url, DATABASE)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise ClusterError(f"La base de données ne répond pas : {error}") from error
            time.sleep(0.1)
        else:
            return url


def _stop(layout: Layout, mode: str) -> None:
    if running_server(layout.data) is None:
        return
    command = [str(programs_for(layout.data) / "pg_ctl"), "stop", "-w", "-s", "-D", "data"]
    try:
        _run(layout, [*command, "-t", "30", "-m", mode])
    except ClusterError:
        if running_server(layout.data) is not None:
            _run(layout, [*command, "-t", "10", "-m", "immediate"])


def _run(layout: Layout, command: list[str]) -> None:
    """Run a server program as the cluster's user, from a folder that this user can enter."""
    owner = layout.owner
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(layout.home)}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            cwd=layout.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            user=owner.uid if owner.switch else None,
            group=owner.gid if owner.switch else None,
            extra_groups=[] if owner.switch else None,
            start_new_session=True,  # Ctrl-C in the terminal must not reach the server
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if done.returncode != 0:
        raise ClusterError(f"{Path(command[0]).name} a échoué : {said}")


@contextmanager
def _lock(layout: Layout, name: str) -> Iterator[None]:
    handle = _open(layout, name)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _open(layout: Layout, name: str) -> int:
    return os.open(layout.home / name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _exclusive(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= MEMORY_NEEDED


def _sweep(parent: Path) -> None:
    """Remove the throw-away clusters of test runs that were killed."""
    for left in parent.glob("qpvmap-test-*"):
        with suppress(FileNotFoundError):  # another run may have removed it meanwhile
            _sweep_one(left)


def _sweep_one(left: Path) -> None:
    found = left.stat()
    if found.st_uid != os.geteuid() or time.time() - found.st_mtime < STALE_AFTER_S:
        return
    handle = _open(layout_for(left), "pg.users")
    try:
        if _exclusive(handle):
            _discard(left)
    finally:
        os.close(handle)


def _discard(var_dir: Path) -> None:
    layout = layout_for(var_dir)
    stop(var_dir, mode="immediate")
    for folder in (layout.home, layout.socket_dir, var_dir):
        shutil.rmtree(folder, ignore_errors=True)


def _silent(_: str) -> None:
    """Say nothing."""
