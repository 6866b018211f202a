"""The command line: fast help, French sentences instead of traces."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from qpvmap.cli import COMMANDS

CLI = [sys.executable, "-m", "qpvmap.cli"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_command_when_named_in_the_table_exists(name: str) -> None:
    module, attribute = COMMANDS[name][0].split(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name


def test_help_when_asked_names_every_command_and_imports_none() -> None:
    asked = run("--help")
    assert asked.returncode == 0
    assert all(name in asked.stdout for name in COMMANDS)
    listed = (
        "import sys, qpvmap.cli; print([m for m in ('geopandas', 'flask') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", listed], text=True).strip() == "[]"


def test_command_when_a_setting_is_wrong_names_it_without_a_trace() -> None:
    refused = run("db", "check", QPVMAP_PORT="many")
    assert refused.returncode == 1
    assert "QPVMAP_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_command_when_the_database_is_away_says_so_without_a_trace(tmp_path: Path) -> None:
    away = f"postgresql+psycopg://nobody@/none?host={tmp_path}"
    refused = run("db", "check", QPVMAP_DATABASE_URL=away)
    assert refused.returncode == 1
    assert "ne répond pas" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_db_when_upgraded_is_checked_and_is_not_before(server_url: str, committed_db: str) -> None:
    assert run("db", "check", QPVMAP_DATABASE_URL=committed_db).returncode == 0
    empty = run("db", "check", QPVMAP_DATABASE_URL=server_url)
    assert empty.returncode == 1
    assert "qpvmap db upgrade" in empty.stderr


def test_app_when_imported_leaves_heavy_libraries_to_who_needs_them() -> None:
    heavy = ("geopandas", "holidays", "pandas", "pyogrio")
    asked = (
        f"import sys, qpvmap.app, qpvmap.web.map; print([m for m in {heavy} if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", asked], text=True).strip() == "[]"
