"""What was noted, newest first: rounds, solicitations and actions in one list, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, joinedload, lazyload
from sqlalchemy.types import DateTime, Text

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.storage.models import (
    Account,
    Initiative,
    Presence,
    PresenceStretch,
    Sector,
    Solicitation,
)
from qpvmap.storage.visibility import initiatives_of, presences_of, solicitations_of

PAGE = 40


class Kind(StrEnum):
    """What a line of the history is."""

    ROUND = "tournee"
    SOLICITATION = "sollicitation"
    INITIATIVE = "action"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader asks to see: a time, local days, a quarter, a kind; empty for all."""

    since: date | None = None
    until: date | None = None
    qpv_code: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """Where the previous page ended."""

    at: datetime
    kind: str
    id: int

    @classmethod
    def parse(cls, words: str) -> "Before":
        """Return what `str()` gave.

        Raises
        ------
        ValueError
            If it did not give that.
        """
        at, kind, key = words.split("~")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not key.isdecimal() or len(key) > 18:
            raise ValueError(words)
        return cls(instant, Kind(kind), int(key))

    def __str__(self) -> str:
        """Return how an address says it."""
        return f"{self.at.isoformat()}~{self.kind}~{self.id}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the history: one of the three, and when."""

    kind: Kind
    at: datetime
    row: Any


def history_page(
    session: Session, actor: Actor, wanted: Wanted, before: Before | None
) -> tuple[Sequence[Line], Before | None]:
    """Return a page of what `actor` may read, and where the next one begins, if there is one."""
    parts = [_of(kind, actor, wanted) for kind in Kind if wanted.kind in (None, kind)]
    noted = union_all(*parts).subquery()
    query = select(noted.c.kind, noted.c.at, noted.c.id)
    order = (noted.c.at, noted.c.kind, noted.c.id)
    if before is not None:
        query = query.where(
            tuple_(*order) < tuple_(literal(before.at), literal(before.kind), literal(before.id))
        )
    keys = session.execute(
        query.order_by(*(column.desc() for column in order)).limit(PAGE + 1)
    ).all()
    shown = keys[:PAGE]
    rows = _rows(session, shown)
    lines = [Line(Kind(kind), at, rows[kind, key]) for kind, at, key in shown]
    last = shown[-1] if len(keys) > PAGE else None
    return lines, Before(last.at, last.kind, last.id) if last else None


def _of(kind: Kind, actor: Actor, wanted: Wanted) -> Select[Any]:
    return {
        Kind.ROUND: _rounds,
        Kind.SOLICITATION: _solicitations,
        Kind.INITIATIVE: _initiatives,
    }[kind](actor, wanted)


def _rounds(actor: Actor, wanted: Wanted) -> Select[Any]:
    there = exists().where(
        PresenceStretch.presence_id == Presence.id,
        PresenceStretch.sector_id == Sector.id,
        Sector.qpv_code == wanted.qpv_code,
    )
    return _keys(Kind.ROUND, Presence.started_at, Presence.id).where(
        presences_of(actor),
        Presence.cancelled_at.is_(None),
        *_within(wanted, Presence.started_at),
        *([there] if wanted.qpv_code else []),
    )


def _solicitations(actor: Actor, wanted: Wanted) -> Select[Any]:
    there = exists().where(Sector.id == Solicitation.sector_id, Sector.qpv_code == wanted.qpv_code)
    return _keys(Kind.SOLICITATION, Solicitation.happened_at, Solicitation.id).where(
        solicitations_of(actor),
        Solicitation.cancelled_at.is_(None),
        *_within(wanted, Solicitation.happened_at),
        *([there] if wanted.qpv_code else []),
    )


def _initiatives(actor: Actor, wanted: Wanted) -> Select[Any]:
    there = exists().where(Sector.id == Initiative.sector_id, Sector.qpv_code == wanted.qpv_code)
    noon = func.timezone(str(PARIS), Initiative.day + text("time '12:00'"))
    days = [
        *([Initiative.day >= wanted.since] if wanted.since else []),
        *([Initiative.day <= wanted.until] if wanted.until else []),
    ]
    return _keys(Kind.INITIATIVE, noon, Initiative.id).where(
        initiatives_of(actor),
        Initiative.cancelled_at.is_(None),
        *days,
        *([there] if wanted.qpv_code else []),
    )


def _keys(kind: Kind, at: Any, key: Any) -> Select[Any]:
    return select(
        cast(literal(str(kind)), Text).label("kind"),
        cast(at, DateTime(timezone=True)).label("at"),
        key.label("id"),
    )


def _within(wanted: Wanted, at: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since:
        conditions.append(at >= datetime.combine(wanted.since, time(0), PARIS))
    if wanted.until:
        conditions.append(at <= datetime.combine(wanted.until, time.max, PARIS))
    return conditions


def _rows(session: Session, keys: Sequence[Any]) -> Mapping[tuple[str, int], Any]:
    """Return what these keys stand for: one question for each kind, however many there are."""
    asked = {
        kind: [key.id for key in keys if key.kind == kind]
        for kind in dict.fromkeys(key.kind for key in keys)
    }
    found: dict[tuple[str, int], Any] = {}
    for kind, ids in asked.items():
        for row in session.scalars(_whole(Kind(kind), ids)):
            found[kind, row.id] = row
    return found


def _whole(kind: Kind, ids: Sequence[int]) -> Select[Any]:
    if kind is Kind.ROUND:
        return (
            select(Presence)
            .options(
                joinedload(Presence.team),
                _name_alone(Presence.walker),
                _name_alone(Presence.companion),
            )
            .where(Presence.id.in_(ids))
        )
    table = Solicitation if kind is Kind.SOLICITATION else Initiative
    return (
        select(table)
        .options(joinedload(table.team), _name_alone(table.author))
        .where(table.id.in_(ids))
    )


def _name_alone(person: Any) -> Any:
    """Load a person without their roles and teams, which nobody asks for here."""
    return joinedload(person).options(
        lazyload(Account.roles), lazyload(Account.teams), lazyload(Account.organisation)
    )
