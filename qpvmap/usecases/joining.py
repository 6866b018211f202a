"""Signalements that belong together: duplicates of one defect, parts of one report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import CannotJoin, InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.permissions import Action, may, require
from qpvmap.core.privacy import personal_hints
from qpvmap.core.routing import Ground
from qpvmap.core.signalements import DESCRIPTION_MAX, FIELD_MESSAGES
from qpvmap.core.workflow import CLOCKS, OPEN_STATUSES, Clock, Outcome, Status
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Category, Signalement, Territory
from qpvmap.storage.places import locate
from qpvmap.storage.relatives import (
    columns_of_place,
    duplicates_of,
    followers_of,
    has_parts,
    last_merge,
    locked_together,
    original_reference,
    relatives,
)
from qpvmap.usecases.handling import lock_visible, target_of
from qpvmap.usecases.journal import Line, open_journal, write
from qpvmap.usecases.promises import Terms, dates_of, promise_kept, promised
from qpvmap.usecases.recipients import named_team
from qpvmap.usecases.routing import Handling, plan_handling

MOST_PARTS = 10
FEWEST_PARTS = 2

ITSELF = "Un signalement ne peut pas être son propre doublon."
ELSEWHERE = "Ces deux signalements ne sont pas du même territoire."
OTHER_NATURE = "L’un est confidentiel et l’autre public : ils ne se fusionnent pas."
ENDED = "Ce signalement est terminé. Rouvrez-le d’abord."
ORIGINAL_ENDED = "L’autre signalement est terminé. Rouvrez-le d’abord."
SPLIT_ALREADY = "Ce signalement est déjà scindé : fusionnez plutôt ses parties."
A_PART = "C’est une partie d’un signalement scindé : fusionnez l’autre avec elle."
NOT_MERGED = "Ce signalement n’est pas fusionné."
SPLIT_ONCE = "Ce signalement est déjà scindé."
PART_OF_PART = "Une partie ne se scinde pas. Scindez le signalement d’origine."
HOW_MANY = f"Faites-en de {FEWEST_PARTS} à {MOST_PARTS} parties."
OTHER_NATURE_OF_PART = "Une partie reste confidentielle ou publique comme le signalement d’origine."
PART_TEXT = "Dites en une phrase ce que cette partie doit régler."
SAME_DEFECT = "Même problème qu’un autre signalement, qui continue pour les deux."


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes a signalement of its own; without `team`, the rules of competence choose."""

    category: str
    description: str
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """The relatives of a signalement that its reader may see."""

    parent: Signalement | None
    children: tuple[Signalement, ...]
    original: Signalement | None
    duplicates: tuple[Signalement, ...]


def merge(
    session: Session,
    actor: Actor,
    duplicate_ref: str,
    original_ref: str,
    version: int,
    now: datetime,
    reason: str = "",
) -> Signalement:
    """Close a signalement as a duplicate of another, and return the latter.

    An original that is itself a duplicate stands for its own original, and the duplicates of the
    one that is merged follow it: there are no chains. Those who saw the duplicate now count with
    the original; their contacts are read with it and their journal tells what becomes of it.

    Raises
    ------
    NotFound, NotAllowed
        If the actor may not know of one of them, or does not handle both.
    StaleVersion
        If the duplicate changed since the actor read `version`.
    CannotJoin
        If they are one, of one family, of two territories or natures, or one has ended.
    """
    final = original_reference(session, original_ref) or original_ref
    duplicate, original = _lock_both(session, actor, duplicate_ref, final, version)
    if not may(actor, Action.VIEW, target_of(original)):
        raise NotFound("Signalement", original_ref)
    require(actor, Action.HANDLE, target_of(original))
    _check_pair(session, duplicate, original)
    followers = duplicates_of(session, duplicate.id)
    _move_duplicates(session, actor, followers, (duplicate, original), now)
    changes: dict[str, object] = {
        "status": Status.CLOSED,
        "outcome": Outcome.DUPLICATE,
        "duplicate_of_id": original.id,
        "settled_at": now,
        "clock_stopped_at": None,
        "planned_for": None,
        "waiting_on": "",
    }
    write(session, duplicate, actor, Line("merged", changes, reason.strip() or SAME_DEFECT), now)
    original.supports += duplicate.supports + 1
    write(session, original, actor, Line("duplicate_added"), now)
    return original


def unmerge(
    session: Session, actor: Actor, reference: str, version: int, now: datetime, reason: str = ""
) -> Signalement:
    """Give a duplicate its own life back, as it was before it was merged.

    Its own duplicates, which followed it, come back to it. The time during which it was merged
    does not count in what was promised.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `merge` would.
    CannotJoin
        If it is not a duplicate.
    """
    final = original_reference(session, reference) or reference
    duplicate, original = _lock_both(session, actor, reference, final, version)
    if duplicate.duplicate_of_id != original.id:
        raise CannotJoin(NOT_MERGED)
    followers = followers_of(session, duplicate)
    changes = _before_merge(session, duplicate, now)
    write(session, duplicate, actor, Line("unmerged", changes, reason.strip()), now)
    original.supports -= duplicate.supports + 1
    write(session, original, actor, Line("duplicate_removed"), now)
    _move_duplicates(session, actor, followers, (original, duplicate), now)
    return duplicate


def split(
    session: Session,
    actor: Actor,
    reference: str,
    parts: Sequence[Part],
    version: int,
    now: datetime,
) -> list[Signalement]:
    """Make linked signalements of the parts, each with its own team and promise; return them.

    The one that is split stays as it is; it closes when all its parts have ended.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    CannotJoin
        If it has ended, was split, is itself a part, or there are too few or too many parts.
    InvalidSubmission
        If a part names no category or team of the territory, another nature, or no text.
    """
    parent = lock_visible(session, actor, reference, version)
    require(actor, Action.HANDLE, target_of(parent))
    _check_split(session, parent, parts)
    children = [_part_row(session, parent, part, now) for part in parts]
    for child in children:
        session.add(child)
        session.flush()
        open_journal(session, child, actor, now)
    write(session, parent, actor, Line("split"), now)
    return children


def family(session: Session, actor: Actor, signalement: Signalement) -> Family:
    """Return the relatives of a signalement that `actor` may see, in one statement."""
    found = relatives(session, actor, signalement)
    return Family(
        parent=next((row for row in found if row.id == signalement.parent_id), None),
        children=tuple(row for row in found if row.parent_id == signalement.id),
        original=next((row for row in found if row.id == signalement.duplicate_of_id), None),
        duplicates=tuple(row for row in found if row.duplicate_of_id == signalement.id),
    )


def _lock_both(
    session: Session, actor: Actor, duplicate_ref: str, original_ref: str, version: int
) -> tuple[Signalement, Signalement]:
    """Return the two, locked in one order for everybody, once the actor may move the first."""
    locked = locked_together(session, (duplicate_ref, original_ref))
    duplicate, original = locked.get(duplicate_ref), locked.get(original_ref)
    if duplicate is None or not may(actor, Action.VIEW, target_of(duplicate)):
        raise NotFound("Signalement", duplicate_ref)
    if original is None:
        raise NotFound("Signalement", original_ref)
    require(actor, Action.HANDLE, target_of(duplicate))
    if duplicate.version != version:
        raise StaleVersion(duplicate.reference, version, duplicate.version)
    return duplicate, original


def _check_pair(session: Session, duplicate: Signalement, original: Signalement) -> None:
    refusals = (
        (duplicate.id == original.id, ITSELF),
        (duplicate.territory_id != original.territory_id, ELSEWHERE),
        (duplicate.nature != original.nature, OTHER_NATURE),
        (duplicate.status not in OPEN_STATUSES, ENDED),
        (original.status not in OPEN_STATUSES, ORIGINAL_ENDED),
        (duplicate.parent_id is not None, A_PART),
        (has_parts(session, duplicate.id), SPLIT_ALREADY),
    )
    for refused, why in refusals:
        if refused:
            raise CannotJoin(why)


def _move_duplicates(
    session: Session,
    actor: Actor,
    duplicates: Sequence[Signalement],
    ways: tuple[Signalement, Signalement],
    now: datetime,
) -> None:
    """Take duplicates from one original to another, with those who saw them."""
    before, after = ways
    for row in duplicates:
        write(session, row, actor, Line("merge_followed", {"duplicate_of_id": after.id}), now)
        before.supports -= row.supports + 1
        after.supports += row.supports + 1


def _before_merge(session: Session, duplicate: Signalement, now: datetime) -> dict[str, object]:
    """Return the state that a duplicate goes back to: its clock ran, or was stopped."""
    was = last_merge(session, duplicate.id)
    status = Status(was["status"])
    changes: dict[str, object] = {
        "status": status,
        "outcome": None,
        "duplicate_of_id": None,
        "settled_at": None,
        "planned_for": _day(was.get("planned_for")),
        "waiting_on": was.get("waiting_on", ""),
    }
    if CLOCKS[status] is not Clock.RUNNING:
        return {**changes, "clock_stopped_at": _instant(was.get("clock_stopped_at"))}
    terms = Terms(duplicate.category, duplicate.team, Priority(duplicate.priority))
    promise = promise_kept(session, duplicate, terms, now, resumes=True)
    return {**changes, "clock_stopped_at": None, **dates_of(promise)}


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


def _check_split(session: Session, parent: Signalement, parts: Sequence[Part]) -> None:
    refusals = (
        (parent.status not in OPEN_STATUSES, ENDED),
        (parent.parent_id is not None, PART_OF_PART),
        (has_parts(session, parent.id), SPLIT_ONCE),
        (not FEWEST_PARTS <= len(parts) <= MOST_PARTS, HOW_MANY),
    )
    for refused, why in refusals:
        if refused:
            raise CannotJoin(why)


def _part_row(session: Session, parent: Signalement, part: Part, now: datetime) -> Signalement:
    category = _category(session, parent, part)
    handling = _handling(session, parent, category, part, now)
    territory = session.get_one(Territory, parent.territory_id)
    return Signalement(
        **columns_of_place(parent),
        client_id=uuid4(),
        reference=rows.next_reference(session, territory, category.nature, now.year),
        category_id=category.id,
        nature=category.nature,
        status=Status.NEW,
        team_id=handling.team.id,
        routing_ground=handling.ground,
        routing_doubt=handling.doubt,
        emprise_id=handling.emprise.id if handling.emprise else parent.emprise_id,
        description=part.description.strip(),
        description_hidden=bool(personal_hints(part.description)),
        reporter_id=parent.reporter_id,
        captured_at=parent.captured_at,
        created_at=now,
        updated_at=now,
        acknowledge_due_at=handling.acknowledge_due_at,
        due_at=handling.due_at,
        counted_from=now,
        priority=parent.priority,
        waiting_on="",
        refusals=0,
        reopenings=0,
        supports=0,
        parent_id=parent.id,
        version=1,
        is_demo=parent.is_demo,
    )


def _category(session: Session, parent: Signalement, part: Part) -> Category:
    category = rows.category_by_code(session, parent.territory_id, part.category)
    if category is None:
        raise InvalidSubmission({"category": FIELD_MESSAGES["category"]})
    if category.nature != parent.nature:
        raise InvalidSubmission({"category": OTHER_NATURE_OF_PART})
    if not part.description.strip():
        raise InvalidSubmission({"description": PART_TEXT})
    if len(part.description.strip()) > DESCRIPTION_MAX:
        raise InvalidSubmission({"description": FIELD_MESSAGES["description"]})
    return category


def _handling(
    session: Session, parent: Signalement, category: Category, part: Part, now: datetime
) -> Handling:
    """Return who takes a part: the team that was named, else whom the rules say."""
    priority = Priority(parent.priority)
    if not part.team:
        point = rows.point_at(session, parent.id)
        location = locate(session, point, parent.accuracy_m)
        return plan_handling(session, category, location, priority, now)
    team = named_team(session, parent.territory_id, parent.nature, part.team)
    promise = promised(session, category, team, priority, now)
    return Handling(team, Ground.BY_HAND, promise.acknowledge_due_at, promise.due_at)
