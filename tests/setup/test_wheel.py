"""The wheel, installed in a clean environment away from the checkout, serves the site."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from qpvmap.settings import CHECKOUT

ASK = """
import json, sys
from qpvmap.app import create_app
from qpvmap.resources import PACKAGE, static_manifest
from qpvmap.settings import Settings
app = create_app(Settings())
client = app.test_client()
answers = {path: client.get(path).status_code
           for path in ("/", "/static/icons.svg", f"/static/dist/{static_manifest()['app.css']}")}
app.extensions["qpvmap"].engine.dispose()
print(json.dumps({"package": str(PACKAGE), "answers": answers}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel built from this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*_uv(), "build", "--wheel", "--quiet", "-o", out],
        cwd=CHECKOUT,
        env={**os.environ, "UV_SYSTEM_CERTS": "true"},
        check=True,
    )
    [built] = out.glob("*.whl")
    return built


def _uv() -> list[str]:
    pinned = CHECKOUT / "var" / "tools" / "bin" / "uv"
    found = pinned if pinned.exists() else shutil.which("uv")
    assert found, "no uv: scripts/install puts it in var/tools"
    return [str(found)]


def test_wheel_when_built_holds_pages_and_data_and_no_sources(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.endswith("-py3-none-any.whl")
    assert "qpvmap/templates/base.html" in names
    assert "qpvmap/geodata/sources.toml" in names
    assert "qpvmap/static/dist/manifest.json" in names
    assert not [n for n in names if n.startswith(("qpvmap/frontend", "tests", "scripts"))]


def test_wheel_when_installed_elsewhere_serves_a_page_and_its_files(
    wheel: Path, blagis: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    subprocess.run(
        [*_uv(), "pip", "install", "--quiet", "--no-deps", "--target", site, wheel], check=True
    )
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "QPVMAP"))}
    said = subprocess.check_output(
        [sys.executable, "-S", "-c", ASK],  # -S: the checkout's editable install is not seen
        cwd=tmp_path,
        env={
            **clean,
            "PYTHONPATH": f"{site}{os.pathsep}{libraries}",
            "QPVMAP_DATABASE_URL": blagis,
            "QPVMAP_VAR_DIR": str(tmp_path / "var"),
        },
        text=True,
    )
    answer = json.loads(said.splitlines()[-1])
    assert answer["package"] == str(site / "qpvmap")
    assert set(answer["answers"].values()) == {200}, said
