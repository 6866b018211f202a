"""Rows of mediators' rounds: those that somebody may read, and those that must be closed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.actors import Actor, Role
from qpvmap.storage.models import (
    Account,
    Presence,
    PresenceChange,
    PresenceStretch,
    RoleRow,
    Sector,
    Solicitation,
    Team,
    account_role,
    team_member,
)
from qpvmap.storage.statements import statement
from qpvmap.storage.visibility import presences_of

FORGET_ROUNDS = statement("forget_round_names")
FORGET_NOTES = statement("forget_note_names")
FORGET_ACTIONS = statement("forget_action_names")


def lock_person(session: Session, account_id: int) -> None:
    """Make whatever else this person notes about rounds wait until this transaction ends."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"presence:{account_id}"},
    )


def presence_by_client_id(
    session: Session, client_id: UUID, *, lock: bool = False
) -> Presence | None:
    """Return what was noted under this `client_id`, whoever asks: the caller checks."""
    query = select(Presence).where(Presence.client_id == client_id)
    if lock:
        query = query.with_for_update(of=Presence).execution_options(populate_existing=True)
    return session.scalar(query)


def stretch_by_client_id(session: Session, client_id: UUID) -> PresenceStretch | None:
    """Return the part of a round noted under this `client_id`, whoever asks."""
    return session.scalar(select(PresenceStretch).where(PresenceStretch.client_id == client_id))


def find_presence(session: Session, actor: Actor, client_id: UUID) -> Presence | None:
    """Return a round that `actor` may read, cancelled ones too, with its people and its team."""
    return session.scalar(
        select(Presence)
        .options(
            joinedload(Presence.team), joinedload(Presence.walker), joinedload(Presence.companion)
        )
        .where(Presence.client_id == client_id, presences_of(actor))
    )


def open_presence(session: Session, account_id: int) -> Presence | None:
    """Return the round that this person has not ended."""
    return session.scalar(
        select(Presence)
        .options(joinedload(Presence.companion))
        .where(
            Presence.walker_id == account_id,
            Presence.ended_at.is_(None),
            Presence.cancelled_at.is_(None),
        )
    )


def to_check(session: Session, account_id: int, since: datetime) -> Sequence[Presence]:
    """Return the rounds whose hours were guessed or are doubtful, for their author to correct.

    Newest first: those of the time within which they can be.
    """
    told_off = exists().where(
        PresenceStretch.presence_id == Presence.id, PresenceStretch.clock_off_s.is_not(None)
    )
    return session.scalars(
        select(Presence)
        .where(
            Presence.walker_id == account_id,
            Presence.ended_at.is_not(None),
            Presence.started_at >= since,
            or_(Presence.to_check, Presence.end_clock_off_s.is_not(None), told_off),
            Presence.cancelled_at.is_(None),
        )
        .order_by(Presence.started_at.desc())
        .limit(5)
    ).all()


def overlapping(
    session: Session,
    account_id: int,
    start: datetime,
    end: datetime,
    besides: int | None = None,
) -> Presence | None:
    """Return the first of this person's own rounds that shares a moment with [start, end)."""
    return session.scalar(
        select(Presence)
        .where(
            Presence.walker_id == account_id,
            Presence.cancelled_at.is_(None),
            Presence.started_at < end,
            or_(Presence.ended_at.is_(None), Presence.ended_at > start),
            Presence.id.is_distinct_from(besides),
        )
        .order_by(Presence.started_at)
        .limit(1)
    )


def next_start(session: Session, account_id: int, after: datetime) -> datetime | None:
    """Return when this person's next round began."""
    return session.scalar(
        select(func.min(Presence.started_at)).where(
            Presence.walker_id == account_id,
            Presence.cancelled_at.is_(None),
            Presence.started_at > after,
        )
    )


def last_sign(session: Session, presence: Presence) -> datetime | None:
    """Return when something was last noted during a round, after it began."""
    moved = select(func.max(PresenceStretch.started_at)).where(
        PresenceStretch.presence_id == presence.id,
        PresenceStretch.started_at > presence.started_at,
    )
    asked = select(func.max(Solicitation.happened_at)).where(
        Solicitation.author_id == presence.walker_id,
        Solicitation.happened_at > presence.started_at,
        Solicitation.cancelled_at.is_(None),
    )
    return session.scalar(select(func.greatest(moved.scalar_subquery(), asked.scalar_subquery())))


def forgotten_since(session: Session, before: datetime) -> Sequence[Presence]:
    """Return the rounds still open that began before, held; those held elsewhere are left."""
    return session.scalars(
        select(Presence)
        .where(
            Presence.ended_at.is_(None),
            Presence.cancelled_at.is_(None),
            Presence.started_at <= before,
        )
        .with_for_update(skip_locked=True)
    ).all()


def changes_of(session: Session, presence_id: int) -> Sequence[PresenceChange]:
    """Return the trace of a round's corrections, oldest first."""
    return session.scalars(
        select(PresenceChange)
        .where(PresenceChange.presence_id == presence_id)
        .order_by(PresenceChange.id)
    ).all()


def colleagues_of(session: Session, team_id: int, account_id: int | None) -> dict[int, str]:
    """Return who may walk along: the other mediators of the team, key to name."""
    rows = session.execute(
        select(Account.id, Account.name)
        .join(team_member, team_member.c.account_id == Account.id)
        .join(account_role, account_role.c.account_id == Account.id)
        .join(RoleRow, RoleRow.id == account_role.c.role_id)
        .where(
            team_member.c.team_id == team_id,
            RoleRow.name == Role.MEDIATOR,
            Account.active,
            Account.id.is_distinct_from(account_id),
        )
        .order_by(Account.name, Account.id)
    )
    return {row[0]: row[1] for row in rows}


def teams_among(session: Session, keys: Collection[int]) -> Sequence[Team]:
    """Return these teams, the first made first."""
    return session.scalars(select(Team).where(Team.id.in_(keys)).order_by(Team.id)).all()


def latest_team(session: Session, account_id: int) -> int | None:
    """Return the key of the team of this person's latest round."""
    return session.scalar(
        select(Presence.team_id)
        .where(Presence.walker_id == account_id, Presence.cancelled_at.is_(None))
        .order_by(Presence.started_at.desc())
        .limit(1)
    )


def sector_names(session: Session, presence: Presence) -> list[str]:
    """Return the sectors of a round, each once, in the order in which they were entered."""
    return list(
        dict.fromkeys(
            session.scalars(
                select(Sector.name)
                .join(PresenceStretch, PresenceStretch.sector_id == Sector.id)
                .where(PresenceStretch.presence_id == presence.id)
                .order_by(PresenceStretch.started_at)
            )
        )
    )


def forget_names(session: Session, now: datetime) -> int:
    """Take the names off what is older than its territory keeps them; return how many rows."""
    return sum(
        len(session.execute(query, {"now": now}).all())
        for query in (FORGET_ROUNDS, FORGET_NOTES, FORGET_ACTIONS)
    )
