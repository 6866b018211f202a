"""What the migrations send is read by squawk, which knows the statements that lock tables."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from qpvmap.storage import cluster
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import make_engine

SQUAWK = Path(sys.executable).with_name("squawk")
LOOKED_AT = ("ALTER", "CREATE", "DELETE", "DROP", "SET", "TRUNCATE", "UPDATE")
EXCUSED = (
    "prefer-text-field",  # alembic_version, Alembic's own table
    # before any release the tables are empty; to be taken out of this list at the first one:
    "adding-field-with-default",
    "adding-not-nullable-field",
    "ban-drop-column",
    "ban-drop-constraint",
    "ban-drop-not-null",  # an operation may have no place yet: every reader knows
    "require-concurrent-index-deletion",
    "ban-drop-schema",  # the derived objects, made again from storage/views at each upgrade
)


@pytest.fixture
def statements(server_url: str) -> list[str]:
    """Return what an upgrade from nothing sends that changes the schema."""
    url = cluster.create_database(server_url, "qpvmap_migration_sql")
    engine = make_engine(url)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *heard: sent.append(heard[2].strip()))
    upgrade(engine)
    engine.dispose()
    cluster.drop_database(server_url, str(make_url(url).database))
    return [s.rstrip(";") + ";" for s in sent if s.upper().startswith(LOOKED_AT)]


def test_migrations_when_read_by_squawk_lock_nothing_unduly(
    statements: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "upgrade.sql"
    script.write_text("\n".join(statements))
    read = subprocess.run(
        [SQUAWK, "--assume-in-transaction", "--pg-version=14", "--reporter=json", script]
        + [f"--exclude={rule}" for rule in EXCUSED],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = script.read_text().splitlines()
    found = [f"{f['rule_name']}: {lines[f['line']]}" for f in json.loads(read.stdout)]
    assert len(statements) > 20
    assert found == []
