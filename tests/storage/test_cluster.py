"""The embedded PostGIS survives what happens to real machines. Needs PostgreSQL's programs."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from qpvmap.settings import CHECKOUT
from qpvmap.storage import cluster
from qpvmap.storage.cluster_layout import BINARIES, layout_for, programs_for
from qpvmap.storage.cluster_recovery import pid_lines, running_server

AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="needs root to become another user")


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """Yield a folder that the user postgres can enter, whose cluster ends with the test."""
    with tempfile.TemporaryDirectory(prefix="qpvmap-cluster-") as name:
        Path(name).chmod(0o711)
        folder = Path(name) / "var"
        yield folder
        _remove(folder)


def _remove(folder: Path) -> None:
    layout = layout_for(folder)
    cluster.stop(folder, mode="immediate")
    for place in (layout.home, layout.socket_dir):
        shutil.rmtree(place, ignore_errors=True)


def _ask(url: str, question: str = "select 1") -> object:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def _postmaster(folder: Path) -> int:
    pid = running_server(layout_for(folder).data)
    assert pid is not None
    return pid


def test_cluster_when_started_stopped_and_started_keeps_its_data(var_dir: Path) -> None:
    said: list[str] = []
    url = cluster.ensure_running(var_dir, progress=said.append)
    other = cluster.create_database(url, "kept")
    cluster.stop(var_dir)
    assert running_server(layout_for(var_dir).data) is None
    assert cluster.ensure_running(var_dir) == url
    assert _ask(other, "select current_database()") == "kept"
    assert len(said) == 2


def test_cluster_when_it_runs_is_found_and_not_started_again(var_dir: Path) -> None:
    url = cluster.ensure_running(var_dir)
    pid = _postmaster(var_dir)
    assert cluster.ensure_running(var_dir) == url
    assert _postmaster(var_dir) == pid


def test_cluster_when_running_listens_on_a_private_socket_only(var_dir: Path) -> None:
    url = cluster.ensure_running(var_dir)
    assert _ask(url, "show listen_addresses") == ""
    assert layout_for(var_dir).socket_dir.stat().st_mode & 0o077 == 0


def test_cluster_when_durable_syncs_and_when_throwaway_does_not(var_dir: Path) -> None:
    assert _ask(cluster.ensure_running(var_dir), "show fsync") == "on"
    with cluster.throwaway() as url:
        assert _ask(url, "show fsync") == "off"
        home = Path(str(_ask(url, "show data_directory"))).parent
    assert not home.exists()


def test_cluster_when_its_server_was_killed_recovers(var_dir: Path) -> None:
    url = cluster.ensure_running(var_dir)
    cluster.create_database(url, "kept")
    os.kill(_postmaster(var_dir), signal.SIGKILL)
    assert _ask(cluster.ensure_running(var_dir)) == 1


def test_cluster_when_a_busy_backend_outlives_its_server_recovers(var_dir: Path) -> None:
    url = cluster.ensure_running(var_dir)
    busy = "select count(*) from generate_series(1, 100000000000)"

    def work() -> None:
        with pytest.raises(psycopg.OperationalError):
            _ask(url, busy)

    worker = threading.Thread(target=work)
    worker.start()
    while _ask(url, "select count(*) from pg_stat_activity where query like '%generate_s%'") == 1:
        time.sleep(0.05)
    os.kill(_postmaster(var_dir), signal.SIGKILL)
    assert _ask(cluster.ensure_running(var_dir)) == 1
    worker.join(10)


def test_cluster_when_its_pid_belongs_to_another_program_starts(var_dir: Path) -> None:
    cluster.ensure_running(var_dir)
    layout = layout_for(var_dir)
    lines = pid_lines(layout.data)
    cluster.stop(var_dir)
    stranger = subprocess.Popen(
        ["sleep", "60"], user=layout.owner.uid if layout.owner.switch else None
    )
    try:
        pid_file = layout.data / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert _ask(cluster.ensure_running(var_dir)) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_cluster_when_two_start_at_once_runs_one_server(var_dir: Path) -> None:
    program = "import sys; from pathlib import Path; from qpvmap.storage import cluster; "
    program += "print(cluster.ensure_running(Path(sys.argv[1])))"
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(var_dir)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = {start.communicate(timeout=60)[0] for start in starts}
    assert [start.returncode for start in starts] == [0, 0]
    assert len(said) == 1


def test_cluster_when_initdb_was_interrupted_is_made_again(var_dir: Path) -> None:
    half_made = layout_for(var_dir).home / "data.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("")
    assert _ask(cluster.ensure_running(var_dir)) == 1


def test_cluster_when_the_path_is_long_and_odd_starts(var_dir: Path) -> None:
    folder = var_dir / ("x" * 120) / 'l\'été $HOME `x` "y"'
    try:
        url = cluster.ensure_running(folder)
        assert _ask(url) == 1
        assert len(str(layout_for(folder).socket_dir)) < 80
    finally:
        _remove(folder)


def test_cluster_in_use_when_the_last_one_leaves_stops(var_dir: Path) -> None:
    data = layout_for(var_dir).data
    with cluster.in_use(var_dir):
        with cluster.in_use(var_dir) as url:
            assert _ask(url) == 1
        assert running_server(data) is not None
    assert running_server(data) is None


def test_cluster_when_the_server_refuses_to_start_shows_its_log(var_dir: Path) -> None:
    cluster.ensure_running(var_dir)
    cluster.stop(var_dir)
    with (layout_for(var_dir).data / "postgresql.conf").open("a") as file:
        file.write("max_connections = 'many'\n")
    with pytest.raises(cluster.ClusterError, match="max_connections"):
        cluster.ensure_running(var_dir)


def test_programs_when_missing_names_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpvmap.storage.cluster_layout.BINARIES", tmp_path)
    with pytest.raises(cluster.ClusterError, match="postgresql-N-postgis-3"):
        programs_for(tmp_path)


def test_programs_when_the_data_is_of_another_version_names_its_package(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9\n")
    with pytest.raises(cluster.ClusterError, match="postgresql-9-postgis-3"):
        programs_for(tmp_path)
    assert BINARIES.is_dir()


@only_root
def test_cluster_when_root_hides_the_folder_lives_in_var_lib() -> None:
    with tempfile.TemporaryDirectory(prefix="qpvmap-cluster-") as name:
        folder = Path(name) / "var"
        try:
            url = cluster.ensure_running(folder)
            assert _ask(url) == 1
            assert (folder / "pg").readlink().is_relative_to("/var/lib/qpvmap")
            assert layout_for(folder).data.stat().st_uid == pwd.getpwnam("postgres").pw_uid
        finally:
            _remove(folder)


@only_root
def test_cluster_when_a_plain_user_starts_it_belongs_to_them() -> None:
    nobody = pwd.getpwnam("nobody")
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; "
        "from qpvmap.storage import cluster; folder = Path(sys.argv[1]); "
        "print(cluster.ensure_running(folder)); cluster.stop(folder)"
    )
    with tempfile.TemporaryDirectory(prefix="qpvmap-cluster-") as name:
        os.chown(name, nobody.pw_uid, nobody.pw_gid)
        readable = Path(name) / "code"
        shutil.copytree(CHECKOUT / "qpvmap", readable / "qpvmap", ignore=_only_python)
        done = subprocess.run(
            ["/usr/bin/env", "-u", "XDG_RUNTIME_DIR", *_python(), "-c", program, name, readable],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"/tmp/qpvmap-{nobody.pw_uid}-" in done.stdout
        assert (Path(name) / "pg" / "data").stat().st_uid == nobody.pw_uid
        shutil.rmtree(done.stdout.strip().partition("host=")[2], ignore_errors=True)


def _only_python(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if not ((Path(folder) / n).is_dir() or n.endswith(".py"))] + [
        n for n in names if n in {"frontend", "static", "__pycache__"}
    ]


def _python() -> list[str]:
    """Return an interpreter that another user may run, with our libraries on its path."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    own, system = Path(sys.executable).resolve(), Path(f"/usr/bin/python3.{sys.version_info.minor}")
    program = next((p for p in (own, system) if _nobody_reads(p) and _nobody_reads(site)), None)
    if program is None:
        pytest.skip(f"neither {own} nor {system} and {site} are readable by other users")
    return [f"PYTHONPATH={site}", "PYTHONDONTWRITEBYTECODE=1", str(program)]


def _nobody_reads(path: Path | str) -> bool:
    nobody = pwd.getpwnam("nobody").pw_uid
    asked = subprocess.run(["test", "-r", path], user=nobody, extra_groups=[], cwd="/", check=False)
    return asked.returncode == 0
