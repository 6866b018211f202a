"""A town's own list, by the job that searches its addresses and writes its places.

The job reads the rows and asks the address search; what is decided and written is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.equipment_lists import (
    UNDER_WAY,
    Answer,
    Answers,
    Choices,
    KnownPlace,
    ListFate,
    ListRow,
    ListState,
    Outcome,
    RowOutcome,
    Settled,
    choices_of,
    settle,
)
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.desk import commune_names
from qpvmap.storage.equipment import find_matches
from qpvmap.storage.equipment_lists import (
    add_answers,
    forget_reports,
    forget_waiting,
    known_places,
    locked_list,
    marks_of,
    point_ewkb,
    waiting_names,
)
from qpvmap.storage.imports import EQUIPMENT, DatasetInfo, Row
from qpvmap.storage.models import EquipmentList, Territory
from qpvmap.storage.operation_imports import served_points
from qpvmap.storage.unplaced import BY_HAND, UNPLACED
from qpvmap.usecases.imports import store

RETRY_AFTER = timedelta(minutes=15)
"""How long after it did not answer the address search is asked again."""


@dataclass(frozen=True, slots=True)
class TakenList:
    """What a job needs to go on with a list."""

    key: UUID
    choices: Choices
    source: str
    content: Mapping[str, Any]
    communes: Sequence[tuple[str, str]]
    known: Mapping[str, KnownPlace]
    waiting: Mapping[str, str]
    answers: Answers
    without_search: bool


@dataclass(frozen=True, slots=True)
class ReadRows:
    """What was read of a list: its rows, and the outcome of those that go nowhere."""

    rows: Sequence[ListRow]
    left: Sequence[RowOutcome]


def take_list(session: Session, key: UUID, now: datetime) -> TakenList | None:
    """Take up a list for a job, or return None: it was dropped, paused, or is written already.

    Raises
    ------
    NotAllowed
        If whoever sent it no longer keeps the equipment of the territory.
    """
    row = locked_list(session, key)
    if row is None or row.state not in UNDER_WAY or row.content is None:
        return None
    actor = actor_by_id(session, row.account_id)
    require(actor, Action.EDIT_EQUIPMENT, Target(row.territory_id))
    row.state, row.advanced_at = ListState.SEARCHING, now
    session.flush()
    return TakenList(
        key=row.id,
        choices=choices_of(row.choices),
        source=row.source,
        content=row.content,
        communes=list(commune_names(session, [row.territory_id]).items()),
        known=known_places(session, row.source),
        waiting=waiting_names(session, row.territory_id, row.source),
        answers={k: Answer(*told) if told else None for k, told in row.found.items()},
        without_search=row.without_search,
    )


def note_asked(session: Session, key: UUID, asked: int, answered: int, now: datetime) -> bool:
    """Note how many addresses are to be found; return whether to go on."""
    row = locked_list(session, key)
    if row is None or row.state != ListState.SEARCHING:
        return False
    row.asked, row.answered, row.advanced_at = asked, answered, now
    session.flush()
    return True


def note_answers(
    session: Session, key: UUID, answers: Answers, now: datetime, remark: str = ""
) -> bool:
    """Keep what the address search answered; return whether to go on. The report says `remark`."""
    row = locked_list(session, key)
    if row is None or row.state != ListState.SEARCHING:
        return False
    row.trouble = remark or row.trouble
    told = {
        k: [one.label, one.score, one.lon, one.lat] if one else None for k, one in answers.items()
    }
    add_answers(session, row, told, now)
    return True


def pause_list(session: Session, key: UUID, trouble: str, now: datetime) -> EquipmentList | None:
    """Stop a list, saying why, until a person goes on; what was found is kept.

    Returns None when it was not under way.
    """
    row = locked_list(session, key)
    if row is None or row.state not in UNDER_WAY:
        return None
    row.state, row.trouble, row.advanced_at, row.retry_at = ListState.PAUSED, trouble, now, None
    session.flush()
    return row


def put_off_list(session: Session, key: UUID, trouble: str, now: datetime) -> None:
    """Stop a list, saying why, until it goes on by itself; what was found is kept."""
    row = pause_list(session, key, trouble, now)
    if row is not None:
        row.retry_at = now + RETRY_AFTER
        session.flush()


def write_list(session: Session, key: UUID, read: ReadRows, now: datetime) -> Outcome | None:
    """Write the places of a list and its report; None when somebody dropped it meanwhile."""
    row = locked_list(session, key)
    if row is None or row.state != ListState.SEARCHING:
        return None
    territory = session.get_one(Territory, row.territory_id)
    known, before = known_places(session, row.source), marks_of(session, row.source)
    settled = _settled(session, row, read.rows, known)
    placed = [_placed(one) for one in settled if one.quality]
    waiting = [_waiting(one, territory.id) for one in settled if _waits(one)]
    forget_waiting(session, territory.id, row.source)
    choices = choices_of(row.choices)
    dataset = DatasetInfo(
        key=row.source,
        vintage=choices.vintage,
        title=f"{choices.name} ({row.filename})",
        producer="Commune",
        licence="Licence Ouverte 2.0",
        sha256=row.sha256,
    )
    store(session, dataset, [(UNPLACED, waiting), (EQUIPMENT, placed)], now)
    after = marks_of(session, row.source)
    named = {one.row.values["source_key"] for one in settled}
    gone = {k: place.name for k, place in known.items() if k not in named}
    rows = [*read.left, *(_outcome(one, before, after) for one in settled)]
    pairs = find_matches(session, territory.id)
    outcome = Outcome(sorted(rows, key=lambda one: one.number), gone, _notes(row, pairs))
    row.state, row.content, row.found = ListState.DONE, None, {}
    row.outcome, row.advanced_at, row.trouble = outcome.told(), now, ""
    session.flush()
    forget_reports(session, row)
    return outcome


def _settled(
    session: Session,
    row: EquipmentList,
    rows: Sequence[ListRow],
    known: Mapping[str, KnownPlace],
) -> list[Settled]:
    answers = {k: Answer(*told) if told else None for k, told in row.found.items()}
    points = {(one.lon, one.lat) for one in answers.values() if one}
    points |= {one.lon_lat for one in rows if one.lon_lat}
    ordered = sorted(points)
    inside = served_points(session, row.territory_id, [LonLat(*point) for point in ordered])
    served = {point for point, is_in in zip(ordered, inside, strict=True) if is_in}
    return [
        settle(one, known.get(one.values["source_key"]), answers, served.__contains__)
        for one in (_by_hand_kept(one, known) for one in rows)
    ]


def _by_hand_kept(row: ListRow, known: Mapping[str, KnownPlace]) -> ListRow:
    """Return a row that keeps the mark of what a person placed."""
    place = known.get(row.values["source_key"])
    if not place or not place.by_hand:
        return row
    extra = {**row.values["extra"], BY_HAND: True}
    return replace(row, values={**row.values, "extra": extra})


def _waits(one: Settled) -> bool:
    return one.fate is ListFate.REVIEW and one.quality is None


def _placed(one: Settled) -> Row:
    lon, lat = one.lon_lat or (0.0, 0.0)
    return {
        **one.row.values,
        "location": point_ewkb(lon, lat),
        "position_quality": one.quality,
        "position_score": one.score,
    }


def _waiting(one: Settled, territory_id: int) -> Row:
    return {
        "territory_id": territory_id,
        "source": one.row.values["source"],
        "source_key": one.row.values["source_key"],
        "values": dict(one.row.values),
        "address": one.row.values["address"] or "",
        "score": one.score,
        "label": one.label,
        "location": point_ewkb(*one.lon_lat) if one.lon_lat else None,
    }


def _outcome(one: Settled, before: Mapping[str, str], after: Mapping[str, str]) -> RowOutcome:
    key = one.row.values["source_key"]
    fate = one.fate
    if fate is ListFate.CHANGED and key not in before:
        fate = ListFate.CREATED
    elif fate is ListFate.CHANGED and before[key] == after.get(key):
        fate = ListFate.UNCHANGED
    values = one.row.values
    return RowOutcome(
        one.row.number,
        values["name"],
        fate,
        one.why,
        values["address"] or "",
        one.label,
        one.score,
    )


def _notes(row: EquipmentList, pairs: int) -> list[str]:
    notes = [row.trouble] if row.trouble else []
    if pairs:
        notes.append(
            f"{pairs} lieux ressemblent à ceux d’une autre source : voir la page « Doublons »."
        )
    return notes
