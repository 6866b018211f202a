"""Documents of operations, their journal, those that were removed: who may read which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.operations import FIELDS
from qpvmap.core.permissions import Action, Target, may
from qpvmap.storage.models import Account, Operation, OperationChange, OperationDocument

JOURNAL_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the journal: `changes` is field -> before and after, in words."""

    at: datetime
    name: str
    origin: str
    version: int
    changes: Mapping[str, Sequence[str]]


def _documents(actor: Actor, territory_id: int, code: str) -> Select[OperationDocument]:
    """Return the question of the documents of an operation that `actor` may read."""
    found = (
        select(OperationDocument)
        .join(Operation, Operation.id == OperationDocument.operation_id)
        .where(
            Operation.territory_id == territory_id,
            Operation.code == code,
            Operation.removed_at.is_(None),
        )
    )
    if may(actor, Action.EDIT_OPERATION, Target(territory_id)):
        return found
    return found.where(OperationDocument.is_public)


def documents_of(
    session: Session, actor: Actor, territory_id: int, code: str
) -> Sequence[OperationDocument]:
    """Return the documents of an operation that `actor` may read, the newest first."""
    found = _documents(actor, territory_id, code)
    return session.scalars(found.order_by(OperationDocument.id.desc())).all()


def document_of(
    session: Session, actor: Actor, territory_id: int, code: str, document_id: int
) -> OperationDocument | None:
    """Return a document of an operation, None when `actor` may not know of it."""
    found = _documents(actor, territory_id, code)
    return session.scalar(found.where(OperationDocument.id == document_id))


def all_document_keys(session: Session) -> Sequence[str]:
    """Return the names in the store of every document there is."""
    return session.scalars(select(OperationDocument.key)).all()


def journal_of(session: Session, actor: Actor, territory_id: int, code: str) -> list[Change]:
    """Return the last lines of the journal, the newest first; nothing to who keeps no plan."""
    if not may(actor, Action.EDIT_OPERATION, Target(territory_id)):
        return []
    rows = session.execute(
        select(
            OperationChange.at,
            Account.name,
            OperationChange.origin,
            OperationChange.version,
            OperationChange.changes,
        )
        .join(Operation, Operation.id == OperationChange.operation_id)
        .outerjoin(Account, Account.id == OperationChange.actor_id)
        .where(Operation.territory_id == territory_id, Operation.code == code)
        .order_by(OperationChange.id.desc())
        .limit(JOURNAL_LIMIT)
    )
    return [
        Change(row.at, row.name or "", row.origin, row.version, _ordered(row.changes))
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Removed:
    """An operation that was taken off the plan, when and by whom. Who left has no name."""

    code: str
    version: int
    title: str
    insee_code: str
    cost: Decimal | None
    at: datetime
    name: str


def removed_operations(session: Session, actor: Actor, territory_id: int) -> list[Removed]:
    """Return what was taken off the plan, the last first; nothing to who keeps no plan."""
    if not may(actor, Action.EDIT_OPERATION, Target(territory_id)):
        return []
    rows = session.execute(
        select(
            Operation.code,
            Operation.version,
            Operation.title,
            Operation.insee_code,
            Operation.cost,
            Operation.removed_at,
            func.coalesce(Account.name, ""),
        )
        .outerjoin(Account, Account.id == Operation.updated_by)
        .where(Operation.territory_id == territory_id, Operation.removed_at.is_not(None))
        .order_by(Operation.removed_at.desc(), Operation.code)
    )
    return [Removed(*row) for row in rows]  # type: ignore[arg-type]  # removed, so there is a date


def _ordered(changes: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return changes in reading order, which the database does not keep."""
    order = list(FIELDS)
    return dict(sorted(changes.items(), key=lambda c: order.index(c[0]) if c[0] in FIELDS else -1))
