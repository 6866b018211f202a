"""Where the folders that are not code stand: inside an installed wheel, or in the checkout."""

import json
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def resource_dir(name: str) -> Path:
    """Return the folder `name` (templates, geodata) shipped in the wheel, else the checkout's.

    Raises
    ------
    FileNotFoundError
        If neither holds it: the installation is incomplete.
    """
    for folder in (PACKAGE / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no folder {name} beside or above {PACKAGE}")


@cache
def static_imports() -> dict[str, list[str]]:
    """Return the built files that each front-end entry imports; empty when nothing was built."""
    listed = PACKAGE / "static" / "dist" / "imports.json"
    if not listed.is_file():
        return {}
    names: dict[str, list[str]] = json.loads(listed.read_text(encoding="utf-8"))
    return names


@cache
def static_manifest() -> dict[str, str]:
    """Return the built file of each front-end entry: {"app.css": "app-AB12.css", ...}.

    Empty when the front end has not been built; scripts/build does it.
    """
    manifest = PACKAGE / "static" / "dist" / "manifest.json"
    if not manifest.is_file():
        return {}
    names: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))
    return names
