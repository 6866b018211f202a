"""Mediators' rounds: who was present, from when to when, in which sector.

No column here, nor in `outreach`, can hold a position: a test reads the catalogue to hold it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.presence_words import WordKind
from qpvmap.core.presences import Entry
from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id
from qpvmap.storage.models.territories import Team

ENTRIES = ", ".join(f"'{entry}'" for entry in Entry)
WORD_KINDS = ", ".join(f"'{kind}'" for kind in WordKind)


class Sector(Base):
    """A part of a quarter where mediators walk: all of it, or what lies in one commune.

    Without a quarter it is whatever lies around. A closed one is kept for what was noted there.
    """

    __tablename__ = "sector"
    __table_args__ = (UniqueConstraint("territory_id", "code"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    qpv_code: Mapped[str | None]
    insee_code: Mapped[str | None]
    position: Mapped[int]
    closed: Mapped[bool] = mapped_column(server_default=text("false"))


class PresenceWord(Base):
    """A word that mediators tap. A closed one is kept for what was noted under it."""

    __tablename__ = "presence_word"
    __table_args__ = (
        UniqueConstraint("territory_id", "kind", "code"),
        CheckConstraint(f"kind in ({WORD_KINDS})", name="kind"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    kind: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    icon: Mapped[str]
    position: Mapped[int]
    closed: Mapped[bool] = mapped_column(server_default=text("false"))


class Presence(Base):
    """A mediator's round, open as long as it has no end.

    `companion` walks along; `others` are people without an account. Once names are forgotten,
    `walker_alias` and `companion_alias` still tell people of one day apart, and no more.
    `to_check` says that its end was guessed. `end_client_id` is the sending that ended it, and
    `end_clock_off_s` by how much the clock of the phone was late then, when it was not right.
    """

    __tablename__ = "presence"
    __table_args__ = (
        CheckConstraint(f"entry in ({ENTRIES})", name="entry"),
        CheckConstraint("ended_at > started_at", name="ends_after_it_starts"),
        CheckConstraint("(walker_id is null) <> (walker_alias is null)", name="walked_by_one"),
        CheckConstraint("companion_id is null or companion_alias is null", name="one_companion"),
        CheckConstraint("others between 0 and 9", name="others"),
        Index(
            "uq_presence_open",
            "walker_id",
            unique=True,
            postgresql_where=text("ended_at is null and cancelled_at is null"),
        ),
        Index(None, "territory_id", "started_at", "id"),
        Index(None, "team_id", "started_at", "id"),
        Index(
            None,
            "walker_id",
            "started_at",
            "id",
            postgresql_where=text("walker_id is not null"),
        ),
        Index(
            None,
            "companion_id",
            "started_at",
            "id",
            postgresql_where=text("companion_id is not null"),
        ),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    end_client_id: Mapped[UUID | None] = mapped_column(unique=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    walker_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    walker_alias: Mapped[UUID | None]
    companion_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    companion_alias: Mapped[UUID | None]
    others: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_clock_off_s: Mapped[int | None]
    entry: Mapped[str]
    to_check: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()
    walker: Mapped[Account | None] = relationship(foreign_keys=[walker_id])
    companion: Mapped[Account | None] = relationship(foreign_keys=[companion_id])
    stretches: Mapped[list["PresenceStretch"]] = relationship(
        order_by="PresenceStretch.started_at",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
    )

    @property
    def clock_off_s(self) -> int | None:
        """By how much the phone was furthest off while it told of this round; None when right."""
        told = [*(stretch.clock_off_s for stretch in self.stretches), self.end_clock_off_s]
        return max((off for off in told if off is not None), key=abs, default=None)


class PresenceStretch(Base):
    """A part of a round in one sector; it lasts until the next one, or the end of the round."""

    __tablename__ = "presence_stretch"
    __table_args__ = (UniqueConstraint("presence_id", "started_at"), Index(None, "sector_id"))

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    presence_id: Mapped[int] = mapped_column(ForeignKey("presence.id", ondelete="CASCADE"))
    sector_id: Mapped[int] = mapped_column(ForeignKey("sector.id"))
    started_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]

    sector: Mapped[Sector] = relationship(lazy="joined")


class PresenceChange(Base):
    """The trace of a correction: what the round said before, in words without a name."""

    __tablename__ = "presence_change"
    __table_args__ = (Index(None, "presence_id", "id"),)

    id: Mapped[Id]
    presence_id: Mapped[int] = mapped_column(ForeignKey("presence.id", ondelete="CASCADE"))
    said: Mapped[str]
    changed_at: Mapped[datetime]
