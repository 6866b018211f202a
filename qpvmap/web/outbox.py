"""`/envois`: what a phone keeps until it is sent, and where its records go."""

from flask import Blueprint, Response, jsonify
from flask_wtf.csrf import generate_csrf

from qpvmap.web.outbox_door import person_key
from qpvmap.web.security import current_actor, public

bp = Blueprint("outbox", __name__, url_prefix="/envois")


@bp.get("/identite")
@public
def identity() -> Response:
    """Say who is signed in, with a fresh token: asked by the phone before it sends anything."""
    actor = current_actor()
    said = jsonify(person=person_key(actor), name=actor.name, csrf_token=generate_csrf())
    said.headers["Cache-Control"] = "no-store"
    return said
