"""The key that signs sessions and links: the one set, else one made once and kept in var/."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from qpvmap.settings import Settings


def secret_key(settings: Settings) -> str:
    """Return the key; the same for every worker, and from one start to the next."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_key(settings.var_dir / "secret_key")


def kept_key(path: Path) -> str:
    """Return the key in `path`, made when there is none."""
    return kept_text(path, lambda: secrets.token_urlsafe(48))


def kept_text(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path`, made (readable by its owner alone) when there is none.

    Workers start at the same instant: each writes its own file, and the first link wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        with suppress(FileExistsError):
            path.hardlink_to(own)
        own.unlink()
    return path.read_text()


def derived_key(key: str, use: str) -> str:
    """Return a key for one use alone, so that a leak of it does not open the rest."""
    return sha256(f"{use}:{key}".encode()).hexdigest()
