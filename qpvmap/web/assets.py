"""Addresses of the built front end: `asset("app.css")` is the file of the present build."""

from flask import Flask, url_for

from qpvmap.resources import static_manifest


def asset(name: str) -> str:
    """Return the address of a front-end entry; of the bare name when nothing was built."""
    return url_for("static", filename=f"dist/{static_manifest().get(name, name)}")


def init_app(app: Flask) -> None:
    """Give templates `asset()`."""
    app.jinja_env.globals["asset"] = asset
