"""Rounds on foot through reports of a team, and their stops in order."""

from datetime import date, datetime

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.rounds import RoundStatus, StopState
from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id, geometry
from qpvmap.storage.models.signalements import Signalement
from qpvmap.storage.models.territories import Team

ROUND_STATUSES = ", ".join(f"'{status}'" for status in RoundStatus)
STOP_STATES = ", ".join(f"'{state}'" for state in StopState)


class Round(Base):
    """A walk of one day by a team. `depot` is where it starts and ends; null when nobody said."""

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint(f"status in ({ROUND_STATUSES})", name="status"),
        Index(None, "territory_id", "day", "id"),
        Index(None, "team_id", "day", "id"),
        Index(None, "author_id"),
        Index(None, "walker_id", postgresql_where=text("walker_id is not null")),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    title: Mapped[str]
    day: Mapped[date]
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    walker_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    depot: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    depot_label: Mapped[str] = mapped_column(server_default="")
    emergencies_first: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default=RoundStatus.DRAFT)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()
    author: Mapped[Account] = relationship(foreign_keys=[author_id])
    walker: Mapped[Account | None] = relationship(foreign_keys=[walker_id])


class RoundStop(Base):
    """A report on a round, at its place in the order; who settled it and when."""

    __tablename__ = "round_stop"
    __table_args__ = (
        UniqueConstraint("round_id", "signalement_id"),
        CheckConstraint(f"state in ({STOP_STATES})", name="state"),
        CheckConstraint("(state = 'todo') = (settled_at is null)", name="settled_when_seen"),
        Index(None, "signalement_id"),
        Index(None, "settled_by", postgresql_where=text("settled_by is not null")),
    )

    id: Mapped[Id]
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=StopState.TODO)
    reason: Mapped[str] = mapped_column(server_default="")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    signalement: Mapped[Signalement] = relationship()
