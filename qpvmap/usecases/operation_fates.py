"""What becomes of each row of a workbook, against the plan as it is now.

A row made from an older version is merged with what others did since; only what both changed, each
in their own way, is asked.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from qpvmap.core.operation_merge import TIED, Merge, field_of, merged
from qpvmap.core.operation_reading import (
    Known,
    read_line,
    read_operation,
    read_rows,
    read_step,
    text_of,
    with_rows,
)
from qpvmap.core.operation_rows import ROW_KEYS, RowClash, changed_rows
from qpvmap.core.operation_sheets import ReadPlan, SheetRow
from qpvmap.core.operations import FIELDS, Draft, PlannedOperation, changed_fields, shown
from qpvmap.core.plain_words import folded
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_imports import (
    Since,
    changes_since,
    known_equipment,
    served_points,
)
from qpvmap.storage.operation_writing import codes_of, known_words
from qpvmap.usecases.operations import BAD_CODE, CODE, CODE_MAX, NO_EQUIPMENT

OUTSIDE = "Ce lieu est hors des villes du territoire."
TWICE = "Cette opération est déjà à la ligne {number}."
BAD_VERSION = "Version illisible : exportez de nouveau le plan."
REMOVED = (
    "Cette opération a été retirée du plan. Videz son code pour l’inscrire de nouveau, ou"
    " rétablissez-la depuis « Opérations retirées »."
)
UNKNOWN_OWNER = "« {code} » n’est ni dans le plan, ni dans la feuille des opérations."
NO_ROW, REMOVED_ROW = "absent", "ligne retirée"
ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "Err:")


class Fate(StrEnum):
    """What becomes of a row of the workbook."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Clash:
    """A field, or a row of one, that the file and somebody else both changed, in words.

    `was` is what both had read, None when nobody knows; `name` and `at`: who wrote `theirs`, when.
    """

    label: str
    was: str | None
    mine: str
    theirs: str
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowFate:
    """A row of the workbook: what it would do, and why not where it is refused.

    `changes`: field -> before and after, in words, that need no choice; of funding lines and dated
    states, those that change alone. `clashes`: what is asked, by field or row of one. `others`:
    fields that others changed since, and that stay as they wrote them.
    """

    number: int
    code: str
    title: str
    fate: Fate
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    faults: Sequence[str] = ()
    version: int | None = None
    merge: Merge | None = None
    clashes: Mapping[str, Clash] = field(default_factory=dict)
    others: Sequence[str] = ()

    @property
    def wanted(self) -> Draft | None:
        """The operation as the row wants it, what is asked apart."""
        return self.merge.draft if self.merge else None

    def moves(self, name: str) -> bool:
        """Return whether the row changes a field, or asks to."""
        return name in self.changes or name in map(field_of, self.clashes)


def fates_of(
    session: Session, territory: Territory, plan: Sequence[PlannedOperation], read: ReadPlan
) -> tuple[list[RowFate], set[str]]:
    """Return what becomes of each row, and the codes of the plan that the file names."""
    taken = set(codes_of(session, territory.id))
    older = older_versions(plan, read)
    since = changes_since(session, territory.id, older)
    reader = _Reader(plan, read, known_words(session, territory.id), taken, since)
    fates = reader.fates()
    fates = _with_places_checked(session, territory.id, fates, reader)
    return sorted(fates, key=lambda row: (row.number, row.code)), reader.named & set(reader.plan)


def older_versions(plan: Sequence[PlannedOperation], read: ReadPlan) -> dict[str, int]:
    """Return the versions that rows were made from, by code, where the plan has another now."""
    now = {operation.code: operation.version for operation in plan}
    made = {row.code: _version(row.raw.get("version"))[0] for row in read.rows}
    return {c: v for c, v in made.items() if v is not None and c in now and 0 <= v < now[c]}


class _Reader:
    """Reads the rows of one workbook against one plan."""

    def __init__(
        self,
        plan: Sequence[PlannedOperation],
        read: ReadPlan,
        known: Known,
        taken: Collection[str],
        since: Mapping[str, Since],
    ) -> None:
        self.since = since
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
        now = operation.content if operation else Draft()
        read_version, fault = _version(row.raw.get("version"))
        since = self.since.get(code)
        base: Draft | None = now
        if operation and read_version not in (None, operation.version):
            base = since.before if since else None
        mine, faults = self._draft(row, code or row.title, base or now)
        if code and not operation and (not CODE.fullmatch(code) or len(code) > CODE_MAX):
            faults.append(BAD_CODE)
        faults += [REMOVED] if code in self.removed else []
        faults += [fault] if fault and operation else []
        merge = merged(base, mine, now)
        changes = {
            name: self._pair(name, now, merge.draft) for name in changed_fields(now, merge.draft)
        }
        found = RowFate(
            row.number,
            code,
            merge.draft.title or title,
            _fate(operation, changes, faults, merge.clashes),
            changes,
            faults,
            operation.version if operation else None,
            merge,
        )
        return self._beside(found, base, since) if operation else found

    def _pair(self, name: str, one: Draft, other: Draft) -> tuple[str, str]:
        """Return a field of two states, in words."""
        if name in ROW_KEYS:
            return changed_rows(getattr(one, name), getattr(other, name))
        communes = self.known.communes
        return shown(one, name, communes), shown(other, name, communes)

    def _beside(self, row: RowFate, base: Draft | None, since: Since | None) -> RowFate:
        """Return the row with what others wrote since, and what is asked of it."""
        if row.merge is None:
            return row
        now, by = self.plan[row.code].content, since.by if since else {}
        clashes = {}
        for name in row.merge.clashes:
            rows = row.merge.rows.get(name)
            said = _said_row(rows, known=base is not None) if rows else self._field(name, row, base)
            last = max(
                (by[n] for n in TIED.get(field_of(name), (field_of(name),)) if n in by),
                key=lambda x: x[1],
                default=None,
            )
            clashes[name] = Clash(*said, *(last or ()))
        theirs_only = changed_fields(base, now) if base else []
        row = replace(row, clashes=clashes)
        return replace(row, others=[name for name in theirs_only if not row.moves(name)])

    def _field(
        self, name: str, row: RowFate, base: Draft | None
    ) -> tuple[str, str | None, str, str]:
        """Return a field that is asked: what it is, what was read, mine and theirs, in words."""
        mine, now = row.merge.mine if row.merge else Draft(), self.plan[row.code].content
        was = self._said(name, base) if base else None
        return FIELDS[name], was, self._said(name, mine), self._said(name, now)

    def _said(self, name: str, draft: Draft) -> str:
        """Return a field, with those that are tied to it, in words."""
        said = [shown(draft, n, self.known.communes) for n in TIED.get(name, (name,))]
        return ", ".join(words for words in said if words)

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


def _said_row(clash: RowClash, *, known: bool) -> tuple[str, str | None, str, str]:
    """Return a row that is asked: what it is, what was read, mine and theirs, in words."""
    was = str(clash.was) if clash.was else NO_ROW
    mine, theirs = (str(row) if row else REMOVED_ROW for row in (clash.mine, clash.theirs))
    return clash.label, was if known else None, mine, theirs


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
    clashes: Collection[str],
) -> Fate:
    if faults:
        return Fate.REFUSED
    if operation is None:
        return Fate.CREATED
    if clashes:
        return Fate.CONFLICT
    return Fate.CHANGED if changes else Fate.UNCHANGED


def _with_places_checked(
    session: Session, territory_id: int, fates: Sequence[RowFate], reader: _Reader
) -> list[RowFate]:
    """Refuse rows whose place is outside, or whose equipment nobody knows: two statements."""
    moved = [r for r in fates if r.moves("place") and r.merge and r.merge.mine.place]
    points = [row.merge.mine.place for row in moved if row.merge and row.merge.mine.place]
    inside = served_points(session, territory_id, points)
    outside = {row.number for row, ok in zip(moved, inside, strict=True) if not ok}
    keyed = {_equipment_of(row) for row in fates} - {""}
    unknown = keyed - known_equipment(session, keyed)
    return [_checked(row, outside, unknown) for row in fates]


def _equipment_of(row: RowFate) -> str:
    """Return the equipment that a row newly names; empty when it names none."""
    return row.merge.mine.equipment_key if row.merge and row.moves("equipment_key") else ""


def _checked(row: RowFate, outside: set[int], unknown: set[str]) -> RowFate:
    faults = [*row.faults]
    if row.number in outside:
        faults.append(_said("place", OUTSIDE))
    if _equipment_of(row) in unknown:
        faults.append(_said("equipment_key", NO_EQUIPMENT))
    if len(faults) == len(row.faults):
        return row
    return replace(row, faults=tuple(faults), fate=Fate.REFUSED)
