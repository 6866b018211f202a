"""What a person who reported is told of a line of the journal: the words, from the rows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Priority
from qpvmap.core.french import clock, local_date, long_day
from qpvmap.core.labels import routing_reason
from qpvmap.core.permissions import Nature
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import CONTEST_FOR, Status
from qpvmap.storage.desk import emprise_names
from qpvmap.storage.letters import Matter, parts_of, signalement_row
from qpvmap.storage.models import Signalement
from qpvmap.storage.precedents import coordination_of
from qpvmap.storage.signalements import has_photo_after
from qpvmap.usecases.joining import SAME_DEFECT

Values = dict[str, Any]
CONFIDENTIAL = "confidential"
SILENT = frozenset({Letter.REOPENED, Letter.SPLIT, Letter.RECEIVED})
"""Letters that quote nobody: what a neighbour contests in is for the service, not for a mail."""


def is_confidential(matter: Matter) -> bool:
    """Return whether a mail may say no more than that there is news."""
    return Nature.TRANQUILLITE in (matter.signalement.nature, matter.own.nature)


def said_in(matter: Matter, letter: Letter) -> str:
    """Return what somebody wrote with the line, when the letter quotes it."""
    said = matter.event.comment
    return "" if letter in SILENT or said == SAME_DEFECT else said


def values_of(session: Session, matter: Matter, letter: Letter, now: datetime) -> Values:
    """Return what a letter tells; days are those of Paris, with the year when it is another."""
    values = _common(matter, now)
    more = MORE.get(letter)
    return values | (more(session, matter, now) if more else {})


def day_of(instant: datetime, now: datetime) -> str:
    """Return `jeudi 26 novembre`."""
    return long_day(instant, local_date(now))


def _common(matter: Matter, now: datetime) -> Values:
    signalement, event = matter.signalement, matter.event
    emergency = signalement.priority == Priority.EMERGENCY
    hour = f", {clock(signalement.due_at)}" if emergency else ""
    return {
        "team": signalement.team.name,
        "of_body": _of_body(signalement),
        "day": day_of(event.at, now),
        "due_day": day_of(signalement.due_at, now),
        "promise": _promise(signalement, hour, now),
        "emergency": emergency,
        "contest_until": _contest_until(signalement, now),
        "parts_ended": event.kind == "children_ended",
        "outcome": signalement.outcome or "",
    }


def _promise(signalement: Signalement, hour: str, now: datetime) -> str:
    """Return what is promised; nothing once the date has gone by: it would be a lie."""
    if signalement.due_at < now:
        return "La date promise est passée : le service doit répondre au plus vite."
    return f"Réponse avant le {day_of(signalement.due_at, now)}{hour}."


def _of_body(signalement: Signalement) -> str:
    team = signalement.team
    return f" ({team.organisation.name})" if team.organisation.name != team.name else ""


def _contest_until(signalement: Signalement, now: datetime) -> str:
    settled_at = signalement.settled_at
    if settled_at is None or settled_at + CONTEST_FOR < now:
        return ""
    return day_of(settled_at + CONTEST_FOR, now)


def _received(session: Session, matter: Matter, _: datetime) -> Values:
    signalement = matter.signalement
    body, place = emprise_names(session, signalement.emprise_id)
    team = signalement.team.name
    category = signalement.category.name
    reason = routing_reason(signalement.routing_ground, body, place, category, team)
    return {"reason": reason}


def _planned(_: Session, matter: Matter, now: datetime) -> Values:
    changes = matter.event.changes
    planned, before = (changes.get(name, {}).get("planned_for") for name in ("set", "was"))
    return {
        "planned_day": _iso_day(planned or str(matter.signalement.planned_for), now),
        "planned_before": _iso_day(before, now) if before else "",
    }


def _iso_day(written: str, now: datetime) -> str:
    return long_day(datetime.fromisoformat(written).date(), local_date(now))


def _waiting(_: Session, matter: Matter, __: datetime) -> Values:
    changed = matter.event.changes.get("set", {})
    return {"waiting_on": changed.get("waiting_on") or matter.signalement.waiting_on}


def _done(session: Session, matter: Matter, _: datetime) -> Values:
    return {"photo": has_photo_after(session, matter.signalement.id)}


def _handed(_: Session, matter: Matter, __: datetime) -> Values:
    return {"arbitrated": matter.event.from_status == Status.TO_ARBITRATE}


def _answer(session: Session, matter: Matter, _: datetime) -> Values:
    signalement, event = matter.signalement, matter.event
    coordination = coordination_of(session, signalement.territory_id)
    by_coordination = (
        coordination is not None
        and coordination.id != signalement.team_id
        and event.organisation_id == coordination.organisation_id
        and event.organisation_id != signalement.team.organisation_id
    )
    return {
        "writer_title": "La coordination du quartier" if by_coordination else "Le service",
        "writer": matter.writer or signalement.team.name,
        "asks": "?" in event.comment,
    }


def _merged(session: Session, matter: Matter, now: datetime) -> Values:
    changed = matter.event.changes.get("set", {})
    original = signalement_row(session, changed["duplicate_of_id"])
    return {
        "original": original.reference,
        "original_team": original.team.name,
        "original_due_day": day_of(original.due_at, now),
    }


def _split(session: Session, matter: Matter, now: datetime) -> Values:
    return {
        "parts": [
            {
                "reference": part.reference,
                "category": part.category.name,
                "team": part.team.name,
                "due_day": day_of(part.due_at, now),
            }
            for part in parts_of(session, matter.signalement.id)
        ]
    }


MORE: Mapping[Letter, Callable[[Session, Matter, datetime], Values]] = {
    Letter.RECEIVED: _received,
    Letter.PLANNED: _planned,
    Letter.WAITING: _waiting,
    Letter.DONE: _done,
    Letter.HANDED: _handed,
    Letter.ANSWER: _answer,
    Letter.MERGED: _merged,
    Letter.SPLIT: _split,
}
"""What some letters tell besides what all of them may."""
