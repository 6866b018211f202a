"""Where the embedded cluster lives: server programs, its user, its folders, its socket.

PostgreSQL refuses to run as root, must be able to enter its folder, and takes no socket
path over 107 bytes: this module turns those three rules into paths.
"""

import hashlib
import os
import pwd
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
SYSTEM_HOME = Path("/var/lib/qpvmap")
SYSTEM_USER = "postgres"


class ClusterError(RuntimeError):
    """The embedded database cannot run; the message, in French, says what to do."""


@dataclass(frozen=True)
class Owner:
    """Unprivileged user that runs the server; `switch` is False when it is the caller."""

    uid: int
    gid: int
    name: str
    switch: bool


@dataclass(frozen=True)
class Layout:
    """Every path of one embedded cluster."""

    home: Path
    socket_dir: Path
    owner: Owner

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.home / "server.log"

    def url(self, database: str, socket_dir: Path | None = None) -> str:
        """Return the SQLAlchemy address of `database` on this cluster."""
        return f"postgresql+psycopg://postgres@/{database}?host={socket_dir or self.socket_dir}"


def layout_for(var_dir: Path) -> Layout:
    """Return the paths of the cluster kept under `var_dir`, making its two folders.

    Raises
    ------
    ClusterError
        If PostgreSQL's system user is missing (as root) or a folder cannot be written.
    """
    link = var_dir.absolute() / "pg"
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        home = _home(link)
        owner = _owner(home)
        _own_folder(home, owner, 0o755)
        home = home.resolve()
        socket_dir = _socket_dir(home, owner)
        _own_folder(socket_dir, owner, 0o700)
    except PermissionError as error:
        raise ClusterError(
            f"Impossible d’écrire dans {error.filename} : ce dossier appartient à un autre "
            "utilisateur. Relancez avec celui qui a fait l’installation."
        ) from error
    return Layout(home=home, socket_dir=socket_dir, owner=owner)


def programs_for(data: Path) -> Path:
    """Return the folder of the server programs: the data's version, else the newest with PostGIS.

    Raises
    ------
    ClusterError
        If that version is not installed; the message names the Debian packages.
    """
    version_file = data / "PG_VERSION"
    if version_file.is_file():
        return _installed(version_file.read_text().strip())
    versions = sorted((d.name for d in BINARIES.glob("[0-9]*") if _has_postgis(d.name)), key=float)
    return _installed(versions[-1] if versions else None)


def _installed(version: str | None) -> Path:
    if version is not None and _has_postgis(version):
        return BINARIES / version / "bin"
    number = version or "N"
    raise ClusterError(
        f"PostgreSQL {version or ''} et PostGIS ne sont pas installés. Lancez scripts/install, ou "
        f"installez les paquets postgresql-{number} et postgresql-{number}-postgis-3 "
        "(N = 15 sous Debian 12, 17 sous Debian 13, 14 sous Ubuntu 22.04, 16 sous Ubuntu 24.04), "
        "ou donnez l’adresse d’un serveur dans QPVMAP_DATABASE_URL."
    )


def _has_postgis(version: str) -> bool:
    return (BINARIES / version / "bin" / "initdb").is_file() and (
        EXTENSIONS / version / "extension" / "postgis.control"
    ).is_file()


def _home(link: Path) -> Path:
    """Return the cluster's folder: `link` itself, or what it points to when root must hide it."""
    if link.is_symlink():
        return link.readlink()
    if os.geteuid() != 0 or _can_enter(_system_owner(), link.parent):
        return link
    home = SYSTEM_HOME / _digest(link)
    home.mkdir(parents=True, exist_ok=True)
    link.symlink_to(home)
    return home


def _owner(home: Path) -> Owner:
    """Return who runs the server: the caller, or as root the data's owner, else `postgres`."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), str(os.geteuid()), switch=False)
    data = home / "data"
    if data.is_dir() and (uid := data.stat().st_uid) != 0:
        user = pwd.getpwuid(uid)
        return Owner(user.pw_uid, user.pw_gid, user.pw_name, switch=True)
    return _system_owner()


def _system_owner() -> Owner:
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _installed(None)
        raise
    return Owner(user.pw_uid, user.pw_gid, user.pw_name, switch=True)


def _can_enter(owner: Owner, folder: Path) -> bool:
    asked = subprocess.run(
        ["test", "-x", str(folder)],
        cwd="/",
        check=False,
        user=owner.uid,
        group=owner.gid,
        extra_groups=[],
    )
    return asked.returncode == 0


def _own_folder(folder: Path, owner: Owner, mode: int) -> None:
    """Make `folder` if needed; refuse one that another user prepared (a shared /tmp)."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid == owner.uid:
        return
    if not owner.switch:
        raise PermissionError(13, "belongs to another user", str(folder))
    os.chown(folder, owner.uid, owner.gid)
    folder.chmod(mode)


def _socket_dir(home: Path, owner: Owner) -> Path:
    """Return a folder short enough for a socket, never under the checkout."""
    name = _digest(home)
    if owner.switch and os.access("/run", os.W_OK):
        return Path("/run") / f"qpvmap-{name}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if not owner.switch and re.fullmatch(r"[\w/.-]{1,60}", runtime) and os.access(runtime, os.W_OK):
        return Path(runtime) / f"qpvmap-{name}"
    return Path("/tmp") / f"qpvmap-{owner.uid}-{name}"  # noqa: S108 (mode 700, owner checked)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
