"""Employment: insertion clauses by site, and job offers. Never a person's name."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base, Id, geometry


class InsertionClause(Base):
    """What an insertion clause gave in one year on one site or operation of one body.

    A count that was not told is None, which is not 0. `qpv_code` is empty when the site is in no
    quarter, or nobody said.
    """

    __tablename__ = "insertion_clause"
    __table_args__ = (
        UniqueConstraint("territory_id", "year", "insee_code", "body", "site"),
        CheckConstraint("year between 1990 and 2100", name="year"),
        CheckConstraint(
            "coalesce(hours_planned, 0) >= 0 and coalesce(hours_done, 0) >= 0", name="hours"
        ),
        CheckConstraint(
            "coalesce(contracts, 0) >= 0 and coalesce(people, 0) >= 0"
            " and coalesce(people_qpv, 0) >= 0",
            name="counts",
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    year: Mapped[int]
    insee_code: Mapped[str]
    qpv_code: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str]
    site: Mapped[str]
    hours_planned: Mapped[float | None]
    hours_done: Mapped[float | None]
    contracts: Mapped[int | None]
    people: Mapped[int | None]
    people_qpv: Mapped[int | None]


class InsertionChange(Base):
    """Who changed a line of insertion: a line of the journal, which nothing changes.

    `before` and `after` are the whole line; None before it was added, and once it is removed.
    `clause_id` is no foreign key: the journal outlives the line.
    """

    __tablename__ = "insertion_change"
    __table_args__ = (
        CheckConstraint("before is not null or after is not null", name="something"),
        Index(None, "territory_id", "id"),
        Index(None, "clause_id", "id"),
        Index(None, "actor_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    clause_id: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    origin: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class JobOffer(Base):
    """A job offer of a territory's communes; neither its employer nor a contact is kept."""

    __tablename__ = "job_offer"
    __table_args__ = (
        UniqueConstraint("territory_id", "source_key"),
        CheckConstraint("positions >= 1", name="positions"),
        Index("ix_job_offer_location", "location", postgresql_using="gist"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    source_key: Mapped[str]
    title: Mapped[str]
    rome_code: Mapped[str] = mapped_column(server_default="")
    rome_label: Mapped[str] = mapped_column(server_default="")
    contract_kind: Mapped[str] = mapped_column(server_default="")
    positions: Mapped[int] = mapped_column(server_default="1")
    insee_code: Mapped[str]
    iris_code: Mapped[str | None]
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    published_on: Mapped[date | None]
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())
