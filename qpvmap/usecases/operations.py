"""Keep the investment plan: add an operation, correct one, move one, correct many at once.

Every writer goes through `save`: it says what changed, in words, in the journal of the operation.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.french import local_date
from qpvmap.core.geo import LonLat
from qpvmap.core.operations import (
    Draft,
    PlannedOperation,
    Step,
    changed_fields,
    shown,
    sorted_steps,
)
from qpvmap.core.periods import Period, Precision
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.plain_words import folded
from qpvmap.storage import operation_writing as rows
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Operation, Territory
from qpvmap.storage.operations import (
    commune_names,
    locked_operation,
    measure_plan,
    whole_plan,
)
from qpvmap.storage.places import locate

CODE = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
NUMBERED = re.compile(r"([A-Z]{1,6})-(\d{1,6})")
CODE_MAX = 20
BAD_CODE = f"Un code s’écrit en majuscules, chiffres et tirets : SCX-08. {CODE_MAX} signes au plus."
TAKEN_CODE = "Ce code est déjà celui d’une autre opération, au plan ou retirée."
NO_EQUIPMENT = "Aucun équipement n’a cet identifiant."
MOST_LINES, MOST_STEPS = 60, 40
TOO_MANY = "Trop de lignes : {most} au plus."


@dataclass(frozen=True, slots=True)
class NewPlace:
    """Where an operation should be, said by somebody who had read its `version`.

    `quality` is exact, or address for one that was looked up; `address` is then kept too.
    """

    code: str
    point: LonLat
    version: int
    quality: str = "exact"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An operation as somebody wants it; `version` is the one they read, None for a new one."""

    code: str
    draft: Draft
    version: int | None = None


def add_operation(
    session: Session,
    actor: Actor,
    territory: Territory,
    wanted: Wanted,
    now: datetime,
    origin: str = "form",
) -> Operation:
    """Add an operation to the plan and return it; without a code it gets the next one.

    Raises
    ------
    NotAllowed
        If the actor does not keep the plan of the territory.
    InvalidSubmission
        If the code is taken or ill-formed, or a field makes no sense.
    OutsideTerritory
        If its place lies in none of the territory's communes.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    rows.lock_plan(session, territory.id)
    codes = rows.codes_of(session, territory.id)
    names = commune_names(session, territory.id)
    code = wanted.code or next_code(codes, wanted.draft, names)
    if not CODE.fullmatch(code) or len(code) > CODE_MAX:
        raise InvalidSubmission({"code": BAD_CODE})
    if code in codes:
        raise InvalidSubmission({"code": TAKEN_CODE})
    row = Operation(territory_id=territory.id, code=code, version=0)
    draft = dated(Draft(), wanted.draft, now)
    _write(session, actor, territory, _Writing(row, Draft(), draft, names, origin), now)
    return row


def edit_operation(
    session: Session,
    actor: Actor,
    territory: Territory,
    wanted: Wanted,
    now: datetime,
    origin: str = "form",
) -> bool:
    """Write an operation as somebody wants it, and return whether anything changed.

    Raises
    ------
    NotAllowed, InvalidSubmission, OutsideTerritory
        As `add_operation` does.
    NotFound
        If the plan has no such operation.
    StaleVersion
        If somebody changed it since the actor read it: nothing is written.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    row = locked_operation(session, territory.id, wanted.code)
    if row is None:
        raise NotFound("Opération", wanted.code)
    if row.version != wanted.version:
        raise StaleVersion(wanted.code, wanted.version or 0, row.version)
    planned = whole_plan(session, territory.id, wanted.code)[0]
    draft = dated(planned.content, wanted.draft, now)
    if not changed_fields(planned.content, draft):
        return False
    writing = _Writing(row, planned.content, draft, planned.names, origin)
    _write(session, actor, territory, writing, now)
    return True


def remove_operation(
    session: Session,
    actor: Actor,
    territory: Territory,
    code: str,
    version: int,
    now: datetime,
) -> None:
    """Take an operation that was added by mistake off the plan; its row and its journal stay.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `edit_operation` does.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    row = locked_operation(session, territory.id, code)
    if row is None:
        raise NotFound("Opération", code)
    if row.version != version:
        raise StaleVersion(code, version, row.version)
    before = whole_plan(session, territory.id, code)[0].content
    row.removed_at = now
    _stamp(row, actor, now)
    told = rows.Told({"removed": ["", "retirée"]}, "form", actor.account_id, before)
    rows.record_change(session, row, told)
    bump_data_version(session, "operations", now)
    session.flush()


def restore_operation(
    session: Session,
    actor: Actor,
    territory: Territory,
    code: str,
    version: int,
    now: datetime,
) -> None:
    """Put an operation that was taken off the plan back on it, as it was, its journal kept.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `edit_operation` does; an operation that is on the plan is not found here.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    row = locked_operation(session, territory.id, code, removed=True)
    if row is None:
        raise NotFound("Opération retirée", code)
    if row.version != version:
        raise StaleVersion(code, version, row.version)
    row.removed_at = None
    _stamp(row, actor, now)
    session.flush()
    before = whole_plan(session, territory.id, code)[0].content
    told = rows.Told({"removed": ["retirée", "rétablie"]}, "form", actor.account_id, before)
    rows.record_change(session, row, told)
    bump_data_version(session, "operations", now)
    session.flush()


def _stamp(row: Operation, actor: Actor, now: datetime) -> None:
    """Make it a new version, by this person."""
    row.version += 1
    row.updated_at = now
    row.updated_by = actor.account_id


def move_operation(
    session: Session, actor: Actor, territory: Territory, place: NewPlace, now: datetime
) -> None:
    """Put the operation at `place`, as well known as it says.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion, OutsideTerritory
        As `edit_operation` does.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    found = whole_plan(session, territory.id, place.code)
    if not found:
        raise NotFound("Opération", place.code)
    before = found[0].content
    draft = replace(
        before,
        place=place.point,
        position_quality=place.quality,
        address=place.address or before.address,
    )
    wanted = Wanted(place.code, draft, place.version)
    edit_operation(session, actor, territory, wanted, now, origin="move")


@dataclass(frozen=True, slots=True)
class Bulk:
    """What to write on several operations; what is None stays as it is on each."""

    codes: Mapping[str, int]
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BulkResult:
    """Codes of what was changed, what was so already, and what was refused with the reason."""

    changed: Sequence[str]
    unchanged: Sequence[str]
    refused: Mapping[str, str]


def edit_many(
    session: Session, actor: Actor, territory: Territory, bulk: Bulk, now: datetime
) -> BulkResult:
    """Write the same fields on several operations, each by itself: one refused stops no other.

    Raises
    ------
    NotAllowed
        If the actor does not keep the plan of the territory.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    plan = {operation.code: operation for operation in whole_plan(session, territory.id)}
    changed: list[str] = []
    unchanged: list[str] = []
    refused: dict[str, str] = {}
    for code, version in bulk.codes.items():
        if code not in plan:
            refused[code] = str(NotFound("Opération", code))
            continue
        draft = replace(plan[code].content, **bulk.fields)  # type: ignore[arg-type]  # each reader gives its field's type
        try:
            with session.begin_nested():
                wrote = edit_operation(
                    session, actor, territory, Wanted(code, draft, version), now, origin="bulk"
                )
        except StaleVersion:
            refused[code] = "Modifiée entre-temps par une autre personne."
        except (InvalidSubmission, OutsideTerritory) as error:
            refused[code] = str(error)
        else:
            (changed if wrote else unchanged).append(code)
    return BulkResult(changed, unchanged, refused)


def dated(before: Draft, after: Draft, now: datetime) -> Draft:
    """Return `after` with today's step when its state changed and no step says since when."""
    if after.status == before.status:
        return after
    today = local_date(now)
    said = any(
        step.status == after.status and (step.at is None or step.at.first <= today)
        for step in after.steps
        if step not in before.steps
    )
    if said or (not before.title and not after.steps):  # a new one: since when is not known
        return after
    step = Step(after.status, Period(today, Precision.DAY))
    return replace(after, steps=sorted_steps([*after.steps, step]))


def next_code(codes: Mapping[str, str], draft: Draft, names: Mapping[str, str]) -> str:
    """Return the next code of a commune: the letters that most of its operations have, a number."""
    commune = draft.communes[0] if draft.communes else ""
    numbered = [found for code in codes if (found := NUMBERED.fullmatch(code))]
    shared = Counter(found[1] for found in numbered if codes[found[0]] == commune)
    prefix = shared.most_common(1)[0][0] if shared else initials(names.get(commune, "OP"))
    numbers = [int(found[2]) for found in numbered if found[1] == prefix]
    return f"{prefix}-{max(numbers, default=0) + 1:02}"


def initials(name: str) -> str:
    """Return three letters or so for a commune: `BLR` for Bourg-la-Reine, `SCE` for Sceaux."""
    words = [word for word in re.split(r"[^a-z]+", folded(name)) if word] or ["op"]
    return ("".join(word[0] for word in words) if len(words) > 2 else words[0][:3]).upper()


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is about to be written on a row, and by which door."""

    row: Operation
    before: Draft
    after: Draft
    names: Mapping[str, str]
    origin: str


def _write(
    session: Session, actor: Actor, territory: Territory, writing: _Writing, now: datetime
) -> None:
    row, before, after = writing.row, writing.before, writing.after
    changed = changed_fields(before, after)
    _check_rows(after)
    if "place" in changed and after.place:
        _require_served(session, territory, after.place)
    key = after.equipment_key
    equipment = rows.equipment_id(session, key) if key else None
    if key and equipment is None:
        raise InvalidSubmission({"equipment_key": NO_EQUIPMENT})
    rows.write_row(row, after, rows.bodies_of(session, territory.id), equipment)
    _stamp(row, actor, now)
    session.add(row)
    session.flush()
    if "lines" in changed:
        rows.write_lines(session, row, after)
    if "steps" in changed:
        rows.write_steps(session, row, after)
    said = {
        name: [shown(before, name, writing.names), shown(after, name, writing.names)]
        for name in changed
    }
    known = before if row.version > 1 else None
    told = rows.Told(said, writing.origin, actor.account_id, known)
    rows.record_change(session, row, told)
    if "place" in changed:
        measure_plan(session, territory.id, row.code)
    bump_data_version(session, "operations", now)
    session.flush()


def _check_rows(draft: Draft) -> None:
    for name, most in (("lines", MOST_LINES), ("steps", MOST_STEPS)):
        if len(getattr(draft, name)) > most:
            raise InvalidSubmission({name: TOO_MANY.format(most=most)})


def _require_served(session: Session, territory: Territory, point: LonLat) -> None:
    commune = locate(session, point).commune
    if commune is None:
        raise OutsideTerritory(point.lon, point.lat)
    if commune.code not in territory.insee_codes:
        raise OutsideTerritory(point.lon, point.lat, commune.name)


def found_operation(plan: Sequence[PlannedOperation], code: str) -> PlannedOperation:
    """Return the operation of this code.

    Raises
    ------
    NotFound
        If the plan has none.
    """
    for operation in plan:
        if operation.code == code:
            return operation
    raise NotFound("Opération", code)
