"""Keep and remove files of an operation; the journal says who did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.documents import FIELD, MOST_DOCUMENTS, TOO_MANY, kind_of, safe_filename
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.files import DOCUMENTS, Files, document_path, new_key
from qpvmap.storage.models import Operation, OperationDocument
from qpvmap.storage.operation_files import all_document_keys, document_of, documents_of
from qpvmap.storage.operation_writing import Told, record_change
from qpvmap.storage.operations import locked_operation

TITLE_MAX = 200
ORPHANED_AFTER = timedelta(hours=24)
"""A file without a row may be one whose row is about to be committed, until then."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that came: what it is called, what it holds, whether everybody may read it."""

    title: str
    filename: str
    content: bytes
    is_public: bool = False


def add_document(
    session: Session,
    files: Files,
    actor: Actor,
    about: tuple[int, str],
    new: NewDocument,
    now: datetime,
) -> OperationDocument:
    """Keep a file with the operation `about`: its territory and its code.

    Raises
    ------
    NotAllowed
        If the actor does not keep the plan of the territory.
    NotFound
        If the plan has no such operation.
    InvalidSubmission
        If the file is of no kind that is kept, too heavy, or there are too many.
    """
    territory_id, code = about
    operation = _locked(session, actor, territory_id, code)
    kind = kind_of(new.content)
    if len(documents_of(session, actor, territory_id, code)) >= MOST_DOCUMENTS:
        raise InvalidSubmission({FIELD: TOO_MANY})
    filename = safe_filename(new.filename, kind)
    row = OperationDocument(
        operation_id=operation.id,
        title=new.title.strip()[:TITLE_MAX] or filename.rpartition(".")[0],
        filename=filename,
        kind=kind.ending,
        size_bytes=len(new.content),
        key=new_key(),
        is_public=new.is_public,
        uploaded_at=now,
        uploaded_by=actor.account_id,
    )
    session.add(row)
    who = "tout le monde" if row.is_public else "la planification"
    _note(session, operation, actor, ["", f"{row.title} ({who})"], now)
    files.put(document_path(row.key), new.content)
    return row


def remove_document(
    session: Session, actor: Actor, about: tuple[int, str], document_id: int, now: datetime
) -> str:
    """Remove a file of an operation, and return its key: the caller erases it once committed.

    Raises
    ------
    NotAllowed, NotFound
        As `add_document` does.
    """
    territory_id, code = about
    operation = _locked(session, actor, territory_id, code)
    row = document_of(session, actor, territory_id, code, document_id)
    if row is None:
        raise NotFound("Document", str(document_id))
    session.delete(row)
    _note(session, operation, actor, [row.title, ""], now)
    return row.key


def share_document(
    session: Session, actor: Actor, about: tuple[int, str], document_id: int, now: datetime
) -> bool:
    """Show a file to everybody, or to planners alone again; return whether it is public now.

    Raises
    ------
    NotAllowed, NotFound
        As `add_document` does.
    """
    territory_id, code = about
    operation = _locked(session, actor, territory_id, code)
    row = document_of(session, actor, territory_id, code, document_id)
    if row is None:
        raise NotFound("Document", str(document_id))
    words = ["la planification", "tout le monde"]
    said = [f"{row.title} ({who})" for who in (reversed(words) if row.is_public else words)]
    row.is_public = not row.is_public
    _note(session, operation, actor, said, now)
    return row.is_public


def collect_orphan_documents(session: Session, files: Files, now: datetime) -> int:
    """Erase files that no operation refers to, older than a day; return how many there were."""
    before = now - ORPHANED_AFTER
    removed = files.remove_unfinished(DOCUMENTS, before)
    old = {file.path for file in files.listed(DOCUMENTS) if file.at < before}
    kept = {document_path(key) for key in all_document_keys(session)}
    for path in old - kept:
        files.delete(path)
    return removed + len(old - kept)


def _locked(session: Session, actor: Actor, territory_id: int, code: str) -> Operation:
    require(actor, Action.EDIT_OPERATION, Target(territory_id))
    operation = locked_operation(session, territory_id, code)
    if operation is None:
        raise NotFound("Opération", code)
    return operation


def _note(
    session: Session, operation: Operation, actor: Actor, change: list[str], now: datetime
) -> None:
    """Add a line to the journal; a document is no new version of the operation."""
    told = Told({"documents": change}, "document", actor.account_id)
    record_change(session, operation, told, now)
    session.flush()
