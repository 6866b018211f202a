"""What one running application holds: its settings, its engine, its files."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Engine

from qpvmap.settings import Settings
from qpvmap.storage.files import Files

EXTENSION = "qpvmap"


@dataclass(frozen=True, slots=True)
class Runtime:
    """Kept under `app.extensions["qpvmap"]`; one engine for each web worker process."""

    settings: Settings
    engine: Engine
    files: Files


def runtime() -> Runtime:
    """Return the runtime of the application that answers this request."""
    present: Runtime = current_app.extensions[EXTENSION]
    return present
