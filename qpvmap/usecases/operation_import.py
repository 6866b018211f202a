"""A workbook into the plan: what would change, line by line, then that change and no other.

Nothing is applied that was not read first: what is applied is what the preview said, else the
preview is shown again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from json import dumps
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.operation_reading import (
    Known,
    read_line,
    read_operation,
    read_rows,
    read_step,
    text_of,
    with_rows,
)
from qpvmap.core.operation_sheets import ReadPlan, SheetRow, read_plan
from qpvmap.core.operations import FIELDS, Draft, PlannedOperation, changed_fields, shown
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.plain_words import folded
from qpvmap.core.workbooks import ReadWorkbook
from qpvmap.storage.models import OperationImport, Territory
from qpvmap.storage.operation_imports import (
    forget_imports,
    found_import,
    known_equipment,
    served_points,
)
from qpvmap.storage.operation_writing import codes_of, known_words, lock_plan
from qpvmap.storage.operations import whole_plan
from qpvmap.usecases.operations import (
    BAD_CODE,
    CODE,
    CODE_MAX,
    NO_EQUIPMENT,
    Wanted,
    add_operation,
    edit_operation,
)
from qpvmap.workbooks import told_of, workbook_of

KEPT_FOR = timedelta(days=31)
OUTSIDE = "Ce lieu est hors des villes du territoire."
TWICE = "Cette opération est déjà à la ligne {number}."
BAD_VERSION = "Version illisible : exportez de nouveau le plan."
REMOVED = "Cette opération a été retirée du plan. Videz son code pour l’inscrire de nouveau."
UNKNOWN_OWNER = "« {code} » n’est ni dans le plan, ni dans la feuille des opérations."
NO_PLAN = (
    "Aucune opération n’a été reconnue dans ce classeur. Il faut une ligne de titres avec au moins"
    " « Code » ou « Intitulé »."
)
CHANGED_SINCE = "Le plan a changé depuis cet aperçu. En voici un nouveau : relisez, puis appliquez."
ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "Err:")


class Fate(StrEnum):
    """What becomes of a row of the workbook."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowFate:
    """A row of the workbook: what it would do, and why not where it is refused.

    `changes`: field -> before and after, in words. `read_version` is the one the file was made
    from, None when it does not say.
    """

    number: int
    code: str
    title: str
    fate: Fate
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    faults: Sequence[str] = ()
    version: int | None = None
    read_version: int | None = None
    wanted: Draft | None = None


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
        told = [[r.number, r.code, r.fate, r.version, dict(r.changes)] for r in self.rows]
        return sha256(dumps(told, ensure_ascii=False, default=str).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Looked:
    """A preview that somebody read: its key, its mark, the conflicts they chose to override."""

    key: UUID
    seen: str
    forced: frozenset[str] = frozenset()


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
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    lock_plan(session, territory.id)
    shown_now = preview(session, actor, territory, looked.key)
    if shown_now.applied_at is not None:
        raise CannotChange("Ce classeur a déjà été appliqué.")
    if shown_now.seen != looked.seen:
        raise CannotChange(CHANGED_SINCE)
    created: list[str] = []
    changed: list[str] = []
    for row in shown_now.rows:
        chosen = row.fate is Fate.CONFLICT and row.code in looked.forced
        if row.wanted is None or not (row.fate in (Fate.CREATED, Fate.CHANGED) or chosen):
            continue
        wanted = Wanted(row.code, row.wanted, row.version)
        if row.fate is Fate.CREATED:
            added = add_operation(session, actor, territory, wanted, now, origin="import")
            created.append(added.code)
        else:
            edit_operation(session, actor, territory, wanted, now, origin="import")
            changed.append(row.code)
    kept = found_import(session, territory.id, actor.account_id, looked.key)
    if kept:
        kept.applied_at = now
    session.flush()
    return Applied(created, changed)


def forget_old_imports(session: Session, now: datetime) -> int:
    """Forget workbooks that were sent over a month ago; return how many."""
    return forget_imports(session, now - KEPT_FOR)


def fates_of(
    session: Session, territory: Territory, plan: Sequence[PlannedOperation], read: ReadPlan
) -> tuple[list[RowFate], set[str]]:
    """Return what becomes of each row, and the codes of the plan that the file names."""
    taken = set(codes_of(session, territory.id))
    reader = _Reader(plan, read, known_words(session, territory.id), taken)
    fates = reader.fates()
    fates = _with_places_checked(session, territory.id, fates, reader)
    return sorted(fates, key=lambda row: (row.number, row.code)), reader.named & set(reader.plan)


class _Reader:
    """Reads the rows of one workbook against one plan."""

    def __init__(
        self,
        plan: Sequence[PlannedOperation],
        read: ReadPlan,
        known: Known,
        taken: Collection[str],
    ) -> None:
        self.plan = {operation.code: operation for operation in plan}
        self.removed = set(taken) - set(self.plan)
        self.read, self.known = read, known
        self.first_seen: dict[str, int] = {}
        self.named: set[str] = set()
        self.by_title: dict[str, list[str]] = {}
        for operation in plan:
            self.by_title.setdefault(folded(operation.title), []).append(operation.code)
        self.lines = self._by_owner(read.lines)
        self.steps = self._by_owner(read.steps)

    def _by_owner(self, rows: Sequence[SheetRow] | None) -> dict[str, list[SheetRow]] | None:
        if rows is None:
            return None
        owned: dict[str, list[SheetRow]] = {}
        for row in rows:
            owned.setdefault(row.code or self._code_by_title(row.title) or row.title, []).append(
                row
            )
        return owned

    def _code_by_title(self, title: str) -> str:
        """Return the only operation of this title; a town's own sheet has no codes."""
        codes = self.by_title.get(title, [])
        return codes[0] if len(codes) == 1 else ""

    def fates(self) -> list[RowFate]:
        """Return what becomes of each row of the first sheet, and of orphans of the others."""
        fates = [self.fate(row) for row in self.read.rows]
        owners = self.named | {row.title for row in self.read.rows if not row.code}
        for rows in (self.lines, self.steps):
            for owner, orphans in (rows or {}).items():
                if owner not in owners:
                    fates += [
                        RowFate(
                            row.number,
                            row.code,
                            str(row.raw.get("title") or ""),
                            Fate.REFUSED,
                            faults=(UNKNOWN_OWNER.format(code=row.code or row.raw.get("title")),),
                        )
                        for row in orphans
                    ]
        return fates

    def fate(self, row: SheetRow) -> RowFate:
        """Return what becomes of a row of the first sheet."""
        code = row.code or self._code_by_title(row.title)
        title = text_of(row.raw.get("title"))
        if code and code in self.first_seen:
            words = TWICE.format(number=self.first_seen[code])
            return RowFate(row.number, code, title, Fate.REFUSED, faults=(words,))
        if code:
            self.first_seen[code] = row.number
            self.named.add(code)
        operation = self.plan.get(code)
        before = operation.content if operation else Draft()
        draft, faults = self._draft(row, code or row.title, before)
        if code and not operation and (not CODE.fullmatch(code) or len(code) > CODE_MAX):
            faults.append(BAD_CODE)
        faults += [REMOVED] if code in self.removed else []
        read_version, fault = _version(row.raw.get("version"))
        faults += [fault] if fault and operation else []
        changes = {
            name: (
                shown(before, name, self.known.communes),
                shown(draft, name, self.known.communes),
            )
            for name in changed_fields(before, draft)
        }
        version = operation.version if operation else None
        fate = _fate(operation, changes, faults, read_version)
        return RowFate(
            row.number,
            code,
            draft.title or title,
            fate,
            changes,
            faults,
            version,
            read_version,
            draft,
        )

    def _draft(self, row: SheetRow, owner: str, before: Draft) -> tuple[Draft, list[str]]:
        """Return the operation that a row and its lines of the other sheets describe."""
        broken = [name for name, cell in row.raw.items() if str(cell).startswith(ERRORS)]
        reading = read_operation(row.raw, before, self.known)
        faults = [_said(name, words) for name, words in reading.faults.items()]
        faults += [_said(name, "une erreur de formule.") for name in broken]
        lines, wrong_lines = self._rows(self.lines, owner, read_line)
        steps, wrong_steps = self._rows(self.steps, owner, read_step)
        return with_rows(reading.draft, lines, steps), [*faults, *wrong_lines, *wrong_steps]

    def _rows(
        self,
        owned: Mapping[str, Sequence[SheetRow]] | None,
        owner: str,
        read: Callable[..., object],
    ) -> tuple[list[object] | None, list[str]]:
        if owned is None:
            return None, []
        rows = owned.get(owner, [])
        raws = [{k: v for k, v in row.raw.items() if k not in ("code", "title")} for row in rows]
        found, faults = read_rows(raws, read, self.known)  # type: ignore[arg-type]  # a table of readers
        said = []
        for place, words in faults.items():
            name, _, number = place.rpartition("-")
            said.append(f"ligne {rows[int(number)].number}, {_said(name, words)}")
        return found, said


NAMES: Mapping[str, str] = {
    **FIELDS,
    "funder": "Financeur",
    "year": "Année",
    "asked": "Demandé",
    "agreed": "Accordé",
    "paid": "Versé",
    "at": "Depuis",
    "lat": "Latitude",
    "lon": "Longitude",
}


def _said(name: str, words: str) -> str:
    return f"{NAMES.get(name, name)}\u00a0: {words}"


def _version(cell: object) -> tuple[int | None, str]:
    """Return the version that a row was exported at, None when it does not say."""
    text = text_of(cell)
    if not text:
        return None, ""
    return (int(text), "") if text.isascii() and text.isdigit() else (None, BAD_VERSION)


def _fate(
    operation: PlannedOperation | None,
    changes: Mapping[str, object],
    faults: Sequence[str],
    read_version: int | None,
) -> Fate:
    if faults:
        return Fate.REFUSED
    if operation is None:
        return Fate.CREATED
    if not changes:
        return Fate.UNCHANGED
    stale = read_version is not None and read_version != operation.version
    return Fate.CONFLICT if stale else Fate.CHANGED


def _with_places_checked(
    session: Session, territory_id: int, fates: Sequence[RowFate], reader: _Reader
) -> list[RowFate]:
    """Refuse rows whose place is outside, or whose equipment nobody knows: two statements."""
    moved = [r for r in fates if "place" in r.changes and r.wanted and r.wanted.place]
    points = [row.wanted.place for row in moved if row.wanted and row.wanted.place]
    inside = served_points(session, territory_id, points)
    outside = {row.number for row, ok in zip(moved, inside, strict=True) if not ok}
    keyed = {r.wanted.equipment_key for r in fates if r.wanted and r.wanted.equipment_key}
    unknown = keyed - known_equipment(session, keyed)
    return [_checked(row, outside, unknown) for row in fates]


def _checked(row: RowFate, outside: set[int], unknown: set[str]) -> RowFate:
    faults = [*row.faults]
    if row.number in outside:
        faults.append(_said("place", OUTSIDE))
    if row.wanted and row.wanted.equipment_key in unknown:
        faults.append(_said("equipment_key", NO_EQUIPMENT))
    if len(faults) == len(row.faults):
        return row
    return replace(row, faults=tuple(faults), fate=Fate.REFUSED)
