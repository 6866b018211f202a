"""A workbook into the plan: what would change, line by line, then that change and no other.

Nothing is applied that was not read first: what is applied is what the preview said, else the
preview is shown again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.operation_reading import cross_faults
from qpvmap.core.operation_sheets import read_plan
from qpvmap.core.operations import Draft
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.workbooks import ReadWorkbook
from qpvmap.storage.models import OperationImport, Territory
from qpvmap.storage.operation_imports import forget_imports, found_import
from qpvmap.storage.operation_writing import lock_plan
from qpvmap.storage.operations import whole_plan
from qpvmap.usecases.operation_fates import Fate, RowFate, fates_of
from qpvmap.usecases.operations import Wanted, add_operation, edit_operation
from qpvmap.workbooks import told_of, workbook_of

KEPT_FOR = timedelta(days=31)
NO_PLAN = (
    "Aucune opération n’a été reconnue dans ce classeur. Il faut une ligne de titres avec au moins"
    " « Code » ou « Intitulé »."
)
CHANGED_SINCE = "Le plan a changé depuis cet aperçu. En voici un nouveau : relisez, puis appliquez."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a workbook would do. `untouched` counts what it does not name."""

    key: UUID
    filename: str
    rows: Sequence[RowFate]
    remarks: Sequence[str]
    untouched: int
    applied_at: datetime | None = None

    def of(self, fate: Fate) -> list[RowFate]:
        """Return the rows of a fate."""
        return [row for row in self.rows if row.fate is fate]

    @property
    def seen(self) -> str:
        """What stands for all that it says: another plan, another mark."""
        told = [
            [r.number, r.code, r.fate, r.version, dict(r.changes)]
            + [[name, clash.mine, clash.theirs] for name, clash in r.clashes.items()]
            for r in self.rows
        ]
        return sha256(dumps(told, ensure_ascii=False, default=str).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Looked:
    """A preview that somebody read: its key, its mark, the fields taken from the file, by code.

    Where the file and somebody else both changed a field and nothing was chosen, the plan stays.
    """

    key: UUID
    seen: str
    chosen: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """Codes of what was created and changed."""

    created: Sequence[str]
    changed: Sequence[str]


def keep_workbook(
    session: Session,
    actor: Actor,
    territory: Territory,
    filename: str,
    book: ReadWorkbook,
    now: datetime,
) -> UUID:
    """Keep a workbook until it is applied, and return its key.

    Raises
    ------
    NotAllowed
        If the actor does not keep the plan of the territory.
    InvalidSubmission
        If nothing in it looks like a plan.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    if not read_plan(book).found:
        raise InvalidSubmission({"fichier": NO_PLAN})
    row = OperationImport(
        id=uuid4(),
        territory_id=territory.id,
        account_id=actor.account_id,
        filename=filename[:200],
        created_at=now,
        content=told_of(book),
    )
    session.add(row)
    session.flush()
    return row.id


def preview(session: Session, actor: Actor, territory: Territory, key: UUID) -> Preview:
    """Return what the kept workbook would do to the plan as it is now.

    Raises
    ------
    NotAllowed
        If the actor does not keep the plan of the territory.
    NotFound
        If there is no such workbook, or it is somebody else's.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    row = found_import(session, territory.id, actor.account_id, key)
    if row is None:
        raise NotFound("Classeur", str(key))
    read = read_plan(workbook_of(row.content))
    plan = whole_plan(session, territory.id)
    fates, named = fates_of(session, territory, plan, read)
    return Preview(
        key, row.filename, fates, read.remarks, len(plan) - len(named), applied_at=row.applied_at
    )


def apply_import(
    session: Session,
    actor: Actor,
    territory: Territory,
    looked: Looked,
    now: datetime,
) -> Applied:
    """Write what the preview said.

    Raises
    ------
    NotAllowed, NotFound
        As `preview` does.
    CannotChange
        If the workbook was applied already, or the plan is not what the preview said any more.
    InvalidSubmission
        With, by code, why what was chosen makes no sense together: nothing is written.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    lock_plan(session, territory.id)
    shown_now = preview(session, actor, territory, looked.key)
    if shown_now.applied_at is not None:
        raise CannotChange("Ce classeur a déjà été appliqué.")
    if shown_now.seen != looked.seen:
        raise CannotChange(CHANGED_SINCE)
    drafts = _settled(shown_now.rows, looked.chosen)
    created: list[str] = []
    changed: list[str] = []
    for row in shown_now.rows:
        if row.number not in drafts:
            continue
        wanted = Wanted(row.code, drafts[row.number], row.version)
        if row.fate is Fate.CREATED:
            added = add_operation(session, actor, territory, wanted, now, origin="import")
            created.append(added.code)
        elif edit_operation(session, actor, territory, wanted, now, origin="import"):
            changed.append(row.code)
    kept = found_import(session, territory.id, actor.account_id, looked.key)
    if kept:
        kept.applied_at = now
    session.flush()
    return Applied(created, changed)


def forget_old_imports(session: Session, now: datetime) -> int:
    """Forget workbooks that were sent over a month ago; return how many."""
    return forget_imports(session, now - KEPT_FOR)


def _settled(rows: Sequence[RowFate], chosen: Mapping[str, Collection[str]]) -> dict[int, Draft]:
    """Return the operation that each row to apply makes, once its choices are heard, by line."""
    drafts = {
        row.number: row.merge.settled(chosen.get(row.code, ()))
        for row in rows
        if row.merge and row.fate in (Fate.CREATED, Fate.CHANGED, Fate.CONFLICT)
    }
    faults = {
        row.code: " ".join(said.values())
        for row in rows
        if row.clashes and row.number in drafts and (said := cross_faults(drafts[row.number], {}))
    }
    if faults:
        raise InvalidSubmission(faults)
    return drafts
