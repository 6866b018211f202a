"""Version 1, whole: the blueprint with every noun's routes on it, and its OpenAPI document."""

from flask import Flask

from qpvmap.api import (
    categories,
    locate,
    me,
    openapi,
    operations,
    photos,
    profiles,
    signalements,
)
from qpvmap.api.blueprint import v1

NOUNS = (categories, locate, me, operations, photos, profiles, signalements)
"""Modules that put their routes on the blueprint when they are read."""

__all__ = ["NOUNS", "init_app", "v1"]


def init_app(app: Flask) -> None:
    """Give `app` the document of this API."""
    openapi.init_app(app)
