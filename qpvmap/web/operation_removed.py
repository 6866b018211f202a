"""Operations that were taken off the plan: who did, when, and the way back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import StaleVersion
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_files import removed_operations
from qpvmap.storage.operations import commune_names
from qpvmap.usecases.operations import restore_operation
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("operation_removed", __name__, url_prefix="/operations/retirees")

MEANWHILE = "Une autre personne vient d’y toucher\u00a0: relisez la liste, puis recommencez."


@bp.get("")
@access(Action.EDIT_OPERATION)
def index() -> str:
    """Return what was taken off the plan, the last first."""
    session, territory_id = request_session(), served_territory().id
    return render_template(
        "operations/removed.html",
        rows=removed_operations(session, current_actor(), territory_id),
        communes=commune_names(session, territory_id),
    )


@bp.post("/<code>")
@access(Action.EDIT_OPERATION)
def restore(code: str) -> ResponseReturnValue:
    """Put an operation back on the plan."""
    version = request.form.get("version", "")
    read = int(version) if version.isascii() and version.isdigit() else 0
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            restore_operation(session, current_actor(), territory, code, read, request_now())
    except StaleVersion:
        flash(MEANWHILE, "error")
        return redirect(url_for("operation_removed.index"), 303)
    flash(
        f"Opération {code} rétablie\u00a0: elle est de nouveau au plan, telle qu’elle était.",
        "success",
    )
    return redirect(url_for("operations.show", code=code), 303)
