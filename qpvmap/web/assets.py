"""Addresses of the built front end: `asset("app.css")` is the file of the present build."""

from flask import Flask, url_for

from qpvmap.resources import static_imports, static_manifest


def asset(name: str) -> str:
    """Return the address of a front-end entry; of the bare name when nothing was built."""
    return url_for("static", filename=f"dist/{static_manifest().get(name, name)}")


def asset_imports(*names: str) -> list[str]:
    """Return the addresses of what these entries import, each once: the browser asks ahead."""
    files = dict.fromkeys(file for name in names for file in static_imports().get(name, ()))
    return [url_for("static", filename=f"dist/{file}") for file in files]


def init_app(app: Flask) -> None:
    """Give templates `asset()` and `asset_imports()`."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["asset_imports"] = asset_imports
