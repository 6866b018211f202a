"""Beside equipment: places to find, places that may be one, addresses to find them by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base, Id, geometry


class EquipmentMatch(Base):
    """Two equipments, of two sources, that may be one place: proposed, then decided by a person.

    `first_id` is the one that stays shown when they are the same.
    """

    __tablename__ = "equipment_match"
    __table_args__ = (
        UniqueConstraint("territory_id", "first_id", "second_id"),
        CheckConstraint("state in ('proposed', 'same', 'different')", name="state"),
        CheckConstraint("first_id <> second_id", name="two"),
        Index(None, "first_id"),
        Index(None, "second_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    first_id: Mapped[int] = mapped_column(ForeignKey("equipment.id", ondelete="CASCADE"))
    second_id: Mapped[int] = mapped_column(ForeignKey("equipment.id", ondelete="CASCADE"))
    distance_m: Mapped[float]
    similarity: Mapped[float]
    state: Mapped[str] = mapped_column(server_default="proposed")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class UnplacedEquipment(Base):
    """A place of a town's own list whose address was not found surely enough.

    `values` are the columns of the equipment to be. The point and label are what was proposed.
    """

    __tablename__ = "unplaced_equipment"
    __table_args__ = (UniqueConstraint("territory_id", "source", "source_key"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    source: Mapped[str]
    source_key: Mapped[str]
    values: Mapped[dict[str, Any]]
    address: Mapped[str]
    score: Mapped[float | None]
    label: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EquipmentList(Base):
    """A town's own list that was sent, from its reading to its report.

    `content` are its sheets as they were read, until its places are written; `choices` what
    somebody says of it; `found` the answers of the address search so far, by key of place;
    `outcome` its report. `advanced_at` moves with each batch of addresses; `retry_at` is when a
    list that stopped goes on by itself, None when only a person may have it go on.
    """

    __tablename__ = "equipment_list"
    __table_args__ = (
        CheckConstraint(
            "state in ('read', 'waiting', 'searching', 'paused', 'done')", name="state"
        ),
        Index(None, "territory_id", "created_at"),
        Index(None, "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    filename: Mapped[str]
    sha256: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="read")
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    choices: Mapped[dict[str, Any]]
    found: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    asked: Mapped[int] = mapped_column(server_default=text("0"))
    answered: Mapped[int] = mapped_column(server_default=text("0"))
    trouble: Mapped[str] = mapped_column(server_default="")
    without_search: Mapped[bool] = mapped_column(server_default=text("false"))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime]
    advanced_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]


class BanAddress(Base):
    """An address of the Base adresse nationale, to find places without a network.

    `words` is number, street and commune, folded.
    """

    __tablename__ = "ban_address"
    __table_args__ = (
        Index(
            "ix_ban_address_words",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
        Index(None, "insee_code"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    insee_code: Mapped[str]
    label: Mapped[str]
    words: Mapped[str]
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
