"""What mediators note besides their rounds: solicitations, actions, and photos of these."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id
from qpvmap.storage.models.presences import PresenceWord, Sector
from qpvmap.storage.models.territories import Team

initiative_partner = Table(
    "initiative_partner",
    Base.metadata,
    Column("initiative_id", ForeignKey("initiative.id", ondelete="CASCADE"), primary_key=True),
    Column("word_id", ForeignKey("presence_word.id"), primary_key=True),
    Index("ix_initiative_partner_word_id", "word_id"),
)


class Solicitation(Base):
    """A request made to a mediator, `times` of the same. Without `body` it was answered."""

    __tablename__ = "solicitation"
    __table_args__ = (
        CheckConstraint("times between 1 and 200", name="times"),
        Index(None, "territory_id", "happened_at", "id"),
        Index(None, "team_id", "happened_at", "id"),
        Index(
            None,
            "author_id",
            "happened_at",
            "id",
            postgresql_where=text("author_id is not null"),
        ),
        Index(None, "sector_id"),
        Index(None, "public_id"),
        Index(None, "theme_id"),
        Index(None, "body_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sector.id"))
    public_id: Mapped[int] = mapped_column(ForeignKey("presence_word.id"))
    theme_id: Mapped[int] = mapped_column(ForeignKey("presence_word.id"))
    body_id: Mapped[int | None] = mapped_column(ForeignKey("presence_word.id"))
    times: Mapped[int] = mapped_column(server_default=text("1"))
    note: Mapped[str] = mapped_column(server_default="")
    happened_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()
    author: Mapped[Account | None] = relationship()
    sector: Mapped[Sector | None] = relationship(lazy="joined")
    public: Mapped[PresenceWord] = relationship(foreign_keys=[public_id], lazy="joined")
    theme: Mapped[PresenceWord] = relationship(foreign_keys=[theme_id], lazy="joined")
    body: Mapped[PresenceWord | None] = relationship(foreign_keys=[body_id], lazy="joined")


class Initiative(Base):
    """An action: `organised` by the team, or one that it took part in. `people` who came."""

    __tablename__ = "initiative"
    __table_args__ = (
        CheckConstraint("people >= 0", name="people"),
        CheckConstraint("minutes > 0", name="minutes"),
        Index(None, "territory_id", "day", "id"),
        Index(None, "team_id", "day", "id"),
        Index(None, "author_id", "day", "id", postgresql_where=text("author_id is not null")),
        Index(None, "sector_id"),
        Index(None, "kind_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind_id: Mapped[int] = mapped_column(ForeignKey("presence_word.id"))
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sector.id"))
    title: Mapped[str]
    place: Mapped[str] = mapped_column(server_default="")
    day: Mapped[date]
    minutes: Mapped[int | None]
    people: Mapped[int | None]
    organised: Mapped[bool] = mapped_column(server_default=text("false"))
    story: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()
    author: Mapped[Account | None] = relationship()
    kind: Mapped[PresenceWord] = relationship(lazy="joined")
    sector: Mapped[Sector | None] = relationship(lazy="joined")
    partners: Mapped[list[PresenceWord]] = relationship(
        secondary=initiative_partner, order_by=PresenceWord.position, lazy="selectin"
    )


class InitiativePhoto(Base):
    """A photo of an action, kept re-encoded under `key`, as those of signalements are."""

    __tablename__ = "initiative_photo"
    __table_args__ = (Index(None, "initiative_id"),)

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    initiative_id: Mapped[int] = mapped_column(ForeignKey("initiative.id"))
    key: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    uploaded_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
