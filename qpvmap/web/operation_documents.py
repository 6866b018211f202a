"""Files of an operation: sent, shown to who may read them, removed. Always served to be kept."""

from io import BytesIO

from flask import Blueprint, Response, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.documents import FIELD, KINDS, MOST_BYTES
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.permissions import Action
from qpvmap.storage.files import document_path
from qpvmap.storage.operation_files import document_of
from qpvmap.usecases.operation_documents import (
    NewDocument,
    add_document,
    remove_document,
    share_document,
)
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.operations import rendered
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, public, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work

bp = Blueprint("operation_documents", __name__, url_prefix="/operations/<code>/documents")

FORM_BYTES = MOST_BYTES + 1024 * 1024
INERT = "default-src 'none'; sandbox"
ONE = "/<int(max=9223372036854775807):document_id>"


@bp.post("")
@access(Action.EDIT_OPERATION)
@takes_up_to(FORM_BYTES)
def add(code: str) -> ResponseReturnValue:
    """Keep a file with the operation."""
    file = request.files.get(FIELD)
    new = NewDocument(
        request.form.get("titre", ""),
        (file.filename or "") if file else "",
        file.read() if file else b"",
        request.form.get("public") == "oui",
    )
    about = (served_territory().id, code)
    try:
        with unit_of_work() as session:
            add_document(session, runtime().files, current_actor(), about, new, request_now())
    except InvalidSubmission as error:
        return rendered(code, document_errors=error.fields), 422
    flash("Document ajouté.", "success")
    return redirect(url_for("operations.show", code=code, _anchor="documents"), 303)


@bp.get(ONE)
@public
def show(code: str, document_id: int) -> Response:
    """Return a file that the actor may read, as something to keep: a browser runs none of it.

    Raises
    ------
    NotFound
        If there is none, or the actor may not know of it.
    """
    territory_id = served_territory().id
    row = document_of(request_session(), current_actor(), territory_id, code, document_id)
    close_session()  # a slow network must not hold a connection while it is sent
    content = runtime().files.get(document_path(row.key)) if row else None
    if row is None or content is None:
        raise NotFound("Document", str(document_id))
    response = send_file(
        BytesIO(content),
        KINDS[row.kind].media_type,
        as_attachment=True,
        download_name=row.filename,
    )
    response.headers["Content-Security-Policy"] = INERT
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post(f"{ONE}/retirer")
@access(Action.EDIT_OPERATION)
def remove(code: str, document_id: int) -> ResponseReturnValue:
    """Remove a file for good."""
    about = (served_territory().id, code)
    with unit_of_work() as session:
        key = remove_document(session, current_actor(), about, document_id, request_now())
    runtime().files.delete(document_path(key))
    flash("Document retiré.", "success")
    return redirect(url_for("operations.show", code=code, _anchor="documents"), 303)


@bp.post(f"{ONE}/partager")
@access(Action.EDIT_OPERATION)
def share(code: str, document_id: int) -> ResponseReturnValue:
    """Show a file to everybody, or no more."""
    about = (served_territory().id, code)
    with unit_of_work() as session:
        public_now = share_document(session, current_actor(), about, document_id, request_now())
    flash("Document public." if public_now else "Document réservé à la planification.", "success")
    return redirect(url_for("operations.show", code=code, _anchor="documents"), 303)
