"""How an address names a walk: by its key, or by the identifier that a phone drew for it.

A walk begun without network is written on before the site knows it: what was said along it comes
after it, to addresses that hold its identifier.
"""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Flask, request
from werkzeug.routing import BaseConverter

from qpvmap.storage.walks import walk_by_client_id
from qpvmap.web.sessions import request_session

WALK = "/<walk:walk_id>"
NO_WALK = 0
"""The key of no walk."""


class WalkKey(BaseConverter):
    """A key of a walk, or an identifier drawn by a phone."""

    regex = r"\d{1,18}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def to_python(self, value: str) -> int | UUID:
        """Return what the address holds."""
        return int(value) if value.isdecimal() else UUID(value)


def name_by_key() -> None:
    """Have the views of walks know a walk by its key, whatever the address says.

    One that the site does not know is the key of none: the view says so to those it lets in.
    """
    values = request.view_args or {}
    drawn = values.get("walk_id")
    if isinstance(drawn, UUID):
        found = walk_by_client_id(request_session(), drawn)
        values["walk_id"] = found.id if found else NO_WALK


def named_by_key(name: str, module: str) -> APIBlueprint:
    """Return a blueprint of `/parcours/marches` whose addresses name walks either way."""
    # APIFlask asks a blueprint that looks at requests first whether it is in the API's document.
    bp = APIBlueprint(name, module, url_prefix="/parcours/marches", enable_openapi=False)
    bp.before_request(name_by_key)
    return bp


def init_app(app: Flask) -> None:
    """Let addresses hold walks."""
    app.url_map.converters["walk"] = WalkKey
