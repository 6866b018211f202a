"""Bring a database to the present schema, and tell how far it is from it."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from qpvmap.storage.models import Base
from qpvmap.storage.queue import apply_queue_schema

FOLDER = Path(__file__).parent / "migrations"
VIEWS = Path(__file__).parent / "views"
LOCK_KEY = 7_110_915
"""Advisory lock held while migrating, so that two servers starting at once take turns."""

EXTENSIONS = ("postgis", "pg_trgm", "unaccent")


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Return whether Alembic should look at an object: not PostGIS's, not the job queue's."""
    if not reflected or kind != "table":
        return True
    return name != "spatial_ref_sys" and not (name or "").startswith("procrastinate_")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Create the extensions, run what migrations are left, remake what is derived, add the queue.

    A lock on a busy table is waited for 10 s at most: better a clear failure than a site that
    stands still behind a migration.
    """
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        try:
            _upgrade_locked(connection)
            apply_queue_schema(engine)
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()


def _upgrade_locked(connection: Connection) -> None:
    connection.execute(text("set lock_timeout = '10s'"))
    connection.execute(text("set statement_timeout = 0"))
    for extension in EXTENSIONS:
        connection.execute(text(f"create extension if not exists {extension}"))
    connection.commit()
    is_stale = current_revision_of(connection) != head_revision() or not _is_derived(connection)
    if is_stale:
        connection.execute(text("drop schema if exists derived cascade"))
        connection.commit()
        command.upgrade(_config(connection), "head")
        _derive(connection)
        connection.commit()
    connection.execute(text("reset lock_timeout"))
    connection.execute(text("reset statement_timeout"))
    connection.commit()


def _view_files() -> list[Path]:
    return sorted(VIEWS.glob("*.sql"))


def views_checksum() -> str:
    """Return the SHA-256 of everything in `storage/views`: kept as the comment of the schema."""
    return sha256(b"".join(path.read_bytes() for path in _view_files())).hexdigest()


def _is_derived(connection: Connection) -> bool:
    """Return whether the schema `derived` was made from the present files."""
    kept = connection.scalar(
        text("select obj_description(to_regnamespace('derived')::oid, 'pg_namespace')")
    )
    return bool(kept == views_checksum())


def _derive(connection: Connection) -> None:
    """Make the schema `derived` again, whole, from the files in number order."""
    connection.execute(text("create schema derived"))
    for path in _view_files():
        connection.exec_driver_sql(path.read_text(encoding="utf-8").replace("%", "%%"))
    connection.execute(text(f"comment on schema derived is '{views_checksum()}'"))


def current_revision_of(connection: Connection) -> str | None:
    """Return the revision that a connection sees, or None when nothing was ever migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def current_revision(engine: Engine) -> str | None:
    """Return the revision the database is at, or None when it was never migrated."""
    with engine.connect() as connection:
        return current_revision_of(connection)


def is_current(engine: Engine) -> bool:
    """Return whether the schema is the one that this program knows, derived objects included."""
    with engine.connect() as connection:
        return current_revision_of(connection) == head_revision() and _is_derived(connection)


def head_revision() -> str | None:
    """Return the newest revision that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def differences(engine: Engine) -> list[Any]:
    """Return how the tables differ from the models; empty when there is no drift."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        return list(compare_metadata(context, Base.metadata))
