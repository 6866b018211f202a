"""`/compte/appareils`: the browsers that an account is told on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from qpvmap.core.actors import Actor
from qpvmap.core.push import parse_device
from qpvmap.storage.push import devices_of
from qpvmap.usecases.push import add_device, forget_endpoint, remove_device
from qpvmap.vapid import public_key
from qpvmap.web.filters import request_now
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, signed_in
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("devices", __name__, url_prefix="/compte/appareils")


@dataclass(frozen=True, slots=True)
class Shown:
    """A browser as the page shows it; `mark` lets a browser know itself, and no more."""

    id: int
    label: str
    created_at: datetime
    mark: str


def devices_page(actor: Actor) -> dict[str, Any]:
    """Return what the page of an account says of its browsers."""
    return {"devices": shown_devices(actor), "push_key": public_key(runtime().settings)}


def shown_devices(actor: Actor) -> Sequence[Shown]:
    """Return the browsers that an account is told on."""
    return [
        Shown(row.id, row.label, row.created_at, sha256(row.endpoint.encode()).hexdigest())
        for row in devices_of(request_session(), actor.account_id or 0)
    ]


@bp.post("")
@signed_in
def add() -> ResponseReturnValue:
    """Tell the account on the browser that asks, from now on."""
    device = parse_device(request.form.to_dict(), request.user_agent.string)
    with unit_of_work() as session:
        add_device(session, current_actor(), device, request_now())
    return jsonify(label=device.label), 201


@bp.post("/oublier")
@signed_in
def forget() -> ResponseReturnValue:
    """Tell nothing more on the browser that asks."""
    with unit_of_work() as session:
        forget_endpoint(session, current_actor(), request.form.get("endpoint", ""))
    return "", 204


@bp.post("/<int:device_id>/retirer")
@signed_in
def remove(device_id: int) -> ResponseReturnValue:
    """Tell nothing more on one of the account's browsers, from any other."""
    with unit_of_work() as session:
        remove_device(session, current_actor(), device_id)
    flash("Appareil retiré : il ne recevra plus de notification.", "info")
    return redirect("/compte#notifications", 303)
