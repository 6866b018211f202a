"""Figures of presence, solicitations and actions, for pages, files and the contract's indicators.

Nobody is in them: people are only told apart, so that nobody counts twice at a time.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.orm import Session, aliased

from qpvmap.core.deadlines import PARIS
from qpvmap.core.presence_hours import Cell, Hours, Stretch, count_hours
from qpvmap.storage.models import Initiative, PresenceWord, Sector, Solicitation
from qpvmap.storage.statements import statement

STRETCHES = statement("stretches")
ELSEWHERE = ""
"""The place of what lies in no quarter."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted: a territory, all its teams or some, from one day to before another.

    Days are local ones. A sector's quarter may be asked for alone; empty for all.
    """

    territory_id: int
    since: date
    until: date
    team_ids: Collection[int] | None = None
    qpv_code: str = ""

    @property
    def begin(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.since, time(0), PARIS)

    @property
    def end(self) -> datetime:
        """The first instant that is no more part of it."""
        return datetime.combine(self.until, time(0), PARIS)


@dataclass(frozen=True, slots=True)
class Presences:
    """Hours by quarter and by sector; how many rounds, and how many of them are to be checked.

    `doubtful` are those that a phone told of whose clock was not right.
    `rounds_by_month` counts each round once, in the month in which its first part here began, with
    the quarter of that part.
    """

    by_qpv: Mapping[Cell, Hours]
    by_sector: Mapping[Cell, Hours]
    sector_names: Mapping[str, str]
    rounds: int
    to_check: int
    doubtful: int
    rounds_by_month: Mapping[tuple[date, str], int]

    @property
    def presence(self) -> timedelta:
        """Hours of presence, all quarters together."""
        return sum((hours.presence for hours in self.by_qpv.values()), timedelta())

    @property
    def person(self) -> timedelta:
        """Person-hours, all quarters together."""
        return sum((hours.person for hours in self.by_qpv.values()), timedelta())


@dataclass(frozen=True, slots=True)
class SolicitationCount:
    """How often somebody asked; `body` is empty for what was answered."""

    month: date
    qpv_code: str
    public: str
    theme: str
    body: str
    times: int


@dataclass(frozen=True, slots=True)
class InitiativeCount:
    """How many actions of a kind; `people` leaves out those where nobody counted."""

    month: date
    qpv_code: str
    kind: str
    organised: bool
    actions: int
    people: int
    counted: int


def presence_figures(session: Session, scope: Scope, now: datetime) -> Presences:
    """Return the hours of presence and the person-hours of a scope; what is open counts to now."""
    rows = session.execute(
        STRETCHES,
        {
            "territory_id": scope.territory_id,
            "team_ids": None if scope.team_ids is None else sorted(scope.team_ids),
            "since": scope.begin,
            "until": scope.end,
            "open_until": now,
        },
    ).all()
    if scope.qpv_code:
        rows = [row for row in rows if row.qpv_code == scope.qpv_code]
    return Presences(
        by_qpv=count_hours([_stretch(row, row.qpv_code or ELSEWHERE) for row in rows]),
        by_sector=count_hours([_stretch(row, row.sector_code) for row in rows]),
        sector_names={row.sector_code: row.sector_name for row in rows},
        rounds=len({row.id for row in rows}),
        to_check=len({row.id for row in rows if row.to_check}),
        doubtful=len({row.id for row in rows if row.doubtful}),
        rounds_by_month=_rounds_by_month(rows),
    )


def _rounds_by_month(rows: Sequence[Any]) -> Mapping[tuple[date, str], int]:
    first: dict[int, tuple[date, str]] = {}
    for row in rows:  # in the order in which they began
        month = row.since.astimezone(PARIS).date().replace(day=1)
        first.setdefault(row.id, (month, row.qpv_code or ELSEWHERE))
    return Counter(first.values())


def _stretch(row: Any, place: Hashable) -> Stretch:
    return Stretch(place, row.since, row.until, row.walker, row.companion, row.others)


def solicitation_figures(session: Session, scope: Scope) -> Sequence[SolicitationCount]:
    """Return the solicitations of a scope by month, quarter, public, theme and answer."""
    public, theme, body = aliased(PresenceWord), aliased(PresenceWord), aliased(PresenceWord)
    month = cast(
        func.date_trunc("month", func.timezone(str(PARIS), Solicitation.happened_at)), Date
    )
    place = func.coalesce(Sector.qpv_code, ELSEWHERE)
    keys = (month, place, public.name, theme.name, func.coalesce(body.name, ""))
    query = (
        select(*keys, func.sum(Solicitation.times))
        .outerjoin(Sector, Sector.id == Solicitation.sector_id)
        .join(public, public.id == Solicitation.public_id)
        .join(theme, theme.id == Solicitation.theme_id)
        .outerjoin(body, body.id == Solicitation.body_id)
        .where(
            Solicitation.territory_id == scope.territory_id,
            Solicitation.happened_at >= scope.begin,
            Solicitation.happened_at < scope.end,
            Solicitation.cancelled_at.is_(None),
            *_narrowed(scope, Solicitation.team_id),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [SolicitationCount(*row[:-1], int(row[-1] or 0)) for row in session.execute(query)]


def initiative_figures(session: Session, scope: Scope) -> Sequence[InitiativeCount]:
    """Return the actions of a scope by month, quarter and kind, and how many people came."""
    month = cast(func.date_trunc("month", Initiative.day), Date)
    place = func.coalesce(Sector.qpv_code, ELSEWHERE)
    keys = (month, place, PresenceWord.name, Initiative.organised)
    query = (
        select(
            *keys,
            func.count(),
            func.coalesce(func.sum(Initiative.people), 0),
            func.count(Initiative.people),
        )
        .outerjoin(Sector, Sector.id == Initiative.sector_id)
        .join(PresenceWord, PresenceWord.id == Initiative.kind_id)
        .where(
            Initiative.territory_id == scope.territory_id,
            Initiative.day >= scope.since,
            Initiative.day < scope.until,
            Initiative.cancelled_at.is_(None),
            *_narrowed(scope, Initiative.team_id),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        InitiativeCount(*row[:4], actions=int(row[4]), people=int(row[5] or 0), counted=int(row[6]))
        for row in session.execute(query)
    ]


def _narrowed(scope: Scope, team_id: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.team_ids is not None:
        conditions.append(team_id.in_(sorted(scope.team_ids)))
    if scope.qpv_code:
        conditions.append(Sector.qpv_code == scope.qpv_code)
    return conditions


def by_month(cells: Mapping[Cell, Hours]) -> Mapping[date, Hours]:
    """Return the hours of each month, all places and slots together, in order."""
    sums: dict[date, Hours] = defaultdict(Hours)
    for cell, hours in cells.items():
        before = sums[cell.month]
        sums[cell.month] = Hours(before.presence + hours.presence, before.person + hours.person)
    return dict(sorted(sums.items()))
