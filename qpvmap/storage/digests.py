"""What a team is told of at its digest's hour, in one statement however many teams there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session

from qpvmap.core.digests import MAX_LINES, Section, Slot
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES
from qpvmap.storage.models import ClosingDay, Team, TeamDigest, Territory
from qpvmap.storage.statements import statement

SECTIONS = tuple(Section)


@dataclass(frozen=True, slots=True)
class TeamDesk:
    """A team that can be written to: its shared address, hours of digest, days off, last digest."""

    id: int
    name: str
    email: str
    territory_id: int
    times: tuple[time, ...]
    closed: frozenset[date]
    last_slot: datetime | None


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One signalement of a digest, without a word of what people wrote."""

    section: Section
    reference: str
    category: str
    address: str
    commune: str
    status: str
    priority: str
    counted_from: datetime
    due_at: datetime


@dataclass(slots=True)
class Digest:
    """What a team is told: lines, how many each section holds in all, how many are confidential."""

    lines: list[DigestLine] = field(default_factory=list)
    counts: dict[Section, int] = field(default_factory=dict)
    confidential: int = 0

    @property
    def total(self) -> int:
        """How many signalements may be named."""
        return sum(self.counts.values())

    @property
    def others(self) -> int:
        """How many have no line of their own."""
        return self.total - len(self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.total and not self.confidential


def team_desks(session: Session) -> list[TeamDesk]:
    """Return the teams that have an address, with what decides when they are told."""
    closed = (
        select(func.array_agg(aggregate_order_by(ClosingDay.day, ClosingDay.day)))
        .where(ClosingDay.organisation_id == Team.organisation_id)
        .scalar_subquery()
    )
    last = select(func.max(TeamDigest.slot)).where(TeamDigest.team_id == Team.id).scalar_subquery()
    rows = session.execute(
        select(Team, Territory.digest_times, closed, last)
        .join(Territory, Territory.id == Team.territory_id)
        .where(Team.email != "")
        .order_by(Team.id)
    )
    return [
        TeamDesk(
            team.id,
            team.name,
            team.email,
            team.territory_id,
            tuple(times),
            frozenset(days or ()),
            last_slot,
        )
        for team, times, days, last_slot in rows
    ]


def take_slot(session: Session, team_id: int, slot: datetime) -> bool:
    """Take the digest of a team at an hour; return False when another worker has it."""
    taken = session.scalar(
        insert(TeamDigest)
        .values(team_id=team_id, slot=slot)
        .on_conflict_do_nothing()
        .returning(TeamDigest.team_id)
    )
    return taken is not None


def digests(session: Session, slots: Mapping[int, Slot]) -> dict[int, Digest]:
    """Return what each team is told at its slot, by the team's key, in one statement."""
    found = {team_id: Digest() for team_id in slots}
    rows = session.execute(
        statement("team_digest"),
        {
            "team_ids": list(slots),
            "sinces": [slot.since for slot in slots.values()],
            "untils": [slot.at for slot in slots.values()],
            "soons": [slot.soon for slot in slots.values()],
            "running": [str(status) for status in RUNNING_STATUSES],
            "open": [str(status) for status in OPEN_STATUSES],
            "max_lines": MAX_LINES,
        },
    )
    confidential: dict[tuple[int, int], int] = {}
    for row in rows:
        section = SECTIONS[row.reason - 1]
        if row.nature != Nature.TECHNIQUE:
            confidential[row.team_id, row.reason] = row.in_section
            continue
        found[row.team_id].counts[section] = row.in_section
        if row.is_line:
            found[row.team_id].lines.append(
                DigestLine(
                    section,
                    row.reference,
                    row.category,
                    row.address,
                    row.commune,
                    row.status,
                    row.priority,
                    row.counted_from,
                    row.due_at,
                )
            )
    for (team_id, _), count in confidential.items():
        found[team_id].confidential += count
    return found
