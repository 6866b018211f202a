"""The investment plan: operations, who pays for them, their dated states, documents and journal."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base, Id, geometry

STATUSES = "('idea', 'programmed', 'studies', 'works', 'delivered', 'abandoned')"
PRECISIONS = "('day', 'month', 'quarter', 'year')"
EUROS = Numeric(13, 2)


class Operation(Base):
    """An item of the investment plan.

    `insee_code` is the commune it is listed under, `other_insee_codes` those it also concerns.
    `position_quality`: exact, address, approximate (placed plausibly, to be dragged), or unknown,
    and then there is no `location`. A date is the first day of what its precision says. The body
    that owns it is one of the territory (`owner_id`), else it is named (`owner_name`). `work` is
    what is done in its author's words; `natures` are those of the contract. A removed one keeps
    its row: its journal names it, and its code is not given again.
    """

    __tablename__ = "operation"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint(
            "position_quality in ('exact', 'address', 'approximate', 'unknown')",
            name="position_quality",
        ),
        CheckConstraint(
            "(location is null) = (position_quality = 'unknown')", name="placed_or_unknown"
        ),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(
            "natures <@ '{renovation,reconstruction,creation,extension,redevelopment,"
            "renaturation,endowment}'::text[]",
            name="natures",
        ),
        CheckConstraint("equipment_state in ('', 'existing', 'future')", name="equipment_state"),
        CheckConstraint(f"starts_precision in {PRECISIONS}", name="starts_precision"),
        CheckConstraint(f"ends_precision in {PRECISIONS}", name="ends_precision"),
        CheckConstraint("cost >= 0", name="cost"),
        Index("ix_operation_location", "location", postgresql_using="gist"),
        Index(None, "owner_id", postgresql_where=text("owner_id is not null")),
        Index(None, "equipment_id", postgresql_where=text("equipment_id is not null")),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    insee_code: Mapped[str]
    other_insee_codes: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'::text[]")
    )
    title: Mapped[str]
    theme: Mapped[str]
    natures: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    work: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="programmed")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    owner_name: Mapped[str] = mapped_column(server_default="")
    equipment_state: Mapped[str] = mapped_column(server_default="")
    equipment_name: Mapped[str] = mapped_column(server_default="")
    equipment_id: Mapped[int | None] = mapped_column(
        ForeignKey("equipment.id", ondelete="SET NULL")
    )
    starts_on: Mapped[date | None]
    starts_precision: Mapped[str | None]
    ends_on: Mapped[date | None]
    ends_precision: Mapped[str | None]
    cost: Mapped[Decimal | None] = mapped_column(EUROS)
    riots_2023: Mapped[bool] = mapped_column(server_default=text("false"))
    description: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    position_quality: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]


class OperationMeasure(Base):
    """How an operation stands to the perimeters, kept so that a reading need not measure it.

    `mark` is a digest of the point and of the perimeters that were measured: where they are others
    now, what is kept is not believed. It may be emptied at any time.
    """

    __tablename__ = "operation_measure"

    operation_id: Mapped[int] = mapped_column(
        ForeignKey("operation.id", ondelete="CASCADE"), primary_key=True
    )
    mark: Mapped[str]
    nearness: Mapped[list[Any]] = mapped_column(JSONB)


class Funder(Base):
    """Who pays: those of everywhere have no territory."""

    __tablename__ = "funder"
    __table_args__ = (
        Index(
            "uq_funder_territory_id_name",
            text("coalesce(territory_id, 0)"),
            text("lower(name)"),
            unique=True,
        ),
        Index(None, "territory_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="100")


class FundingRow(Base):
    """Who pays how much for an operation in a year: asked, agreed, paid, in euros."""

    __tablename__ = "funding_line"
    __table_args__ = (
        CheckConstraint("least(asked, agreed, paid) >= 0", name="amounts"),
        Index(None, "operation_id", "position"),
        Index(None, "funder_id"),
    )

    id: Mapped[Id]
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    position: Mapped[int]
    funder_id: Mapped[int] = mapped_column(ForeignKey("funder.id"))
    year: Mapped[int | None]
    asked: Mapped[Decimal | None] = mapped_column(EUROS)
    agreed: Mapped[Decimal | None] = mapped_column(EUROS)
    paid: Mapped[Decimal | None] = mapped_column(EUROS)
    note: Mapped[str] = mapped_column(server_default="")


class OperationStep(Base):
    """A state that an operation reached, or should, and since when."""

    __tablename__ = "operation_step"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"starts_precision in {PRECISIONS}", name="starts_precision"),
        Index(None, "operation_id", "position"),
    )

    id: Mapped[Id]
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    position: Mapped[int]
    status: Mapped[str]
    starts_on: Mapped[date | None]
    starts_precision: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default="")


class OperationDocument(Base):
    """A file kept with an operation; `key` is its name in the store, that nobody can guess."""

    __tablename__ = "operation_document"
    __table_args__ = (Index(None, "operation_id"),)

    id: Mapped[Id]
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    title: Mapped[str]
    filename: Mapped[str]
    kind: Mapped[str]
    size_bytes: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    is_public: Mapped[bool] = mapped_column(server_default=text("false"))
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class OperationChange(Base):
    """Who changed what: a line of the journal. `changes`: field -> [before, after], in words.

    `before` is the whole operation as it was, so that a workbook made from an older version is
    merged with what happened since. Lines written before there was such a column have none.
    """

    __tablename__ = "operation_change"
    __table_args__ = (Index(None, "operation_id", "id"), Index(None, "actor_id"))

    id: Mapped[Id]
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id"))
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    origin: Mapped[str]
    version: Mapped[int]
    changes: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class OperationImport(Base):
    """A workbook that was read and shown, until it is applied: its rows, as they were read."""

    __tablename__ = "operation_import"
    __table_args__ = (Index(None, "territory_id"), Index(None, "account_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    filename: Mapped[str]
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any]]
