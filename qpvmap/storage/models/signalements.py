"""Signalements and their append-only journal."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.deadlines import Priority
from qpvmap.core.geo import WEB_MERCATOR
from qpvmap.core.workflow import OPEN_STATUSES, Outcome, Status
from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id, geometry
from qpvmap.storage.models.territories import Category, Emprise, Team

STATUS_LIST = ", ".join(f"'{status}'" for status in Status)
OUTCOME_LIST = ", ".join(f"'{outcome}'" for outcome in Outcome)
OPEN_LIST = ", ".join(f"'{status}'" for status in OPEN_STATUSES)
PRIORITY_LIST = ", ".join(f"'{priority}'" for priority in Priority)

WORDS_APART = {
    "open": f"status in ({OPEN_LIST})",
    "resolved": "status = 'resolved'",
    "closed": "status = 'closed'",
}
"""Parts of the rows that have an index of words each.

It also says `words is not null`, as any search does: else the server reads an index of words
whole for questions that ask for none.
"""

WORDS = "description || ' ' || address"
"""What a search reads of a signalement."""

INBOX_COLUMNS = (
    "team_id",
    "nature",
    "category_id",
    "insee_code",
    "iris_code",
    "qpv_code",
    "qpv_distance_m",
    "share_inside",
    "assignee_id",
    "has_photo",
)
"""What the inbox filters by: its indexes hold it, so that counting reads no row."""

OPEN_DATES = ("acknowledge_due_at", "counted_from", "created_at", "updated_at")
"""Dates that sort what is open, or say how late it is, besides the deadline."""


class Signalement(Base):
    """A dated, geolocated report. `status` is the current value; the journal has the rest.

    `nature` repeats the category's, so that what is confidential is left out by the row itself.
    `location` is where the author says it is, `captured_location` where the phone was when the two
    are close: for those who handle. `location_3857` serves tiles alone: distances are metres on
    geography. `words` is the text as a search reads it, the hidden one too:
    `storage.inbox_search` alone asks it. A trigger keeps `has_photo`.
    `walk_id` is the site walk on which it was seen.
    """

    __tablename__ = "signalement"
    __table_args__ = (
        CheckConstraint(f"status in ({STATUS_LIST})", name="status"),
        CheckConstraint(f"outcome in ({OUTCOME_LIST})", name="outcome"),
        CheckConstraint(f"priority in ({PRIORITY_LIST})", name="priority"),
        CheckConstraint(
            "(outcome is not null) = (status in ('resolved', 'closed'))", name="outcome_when_ended"
        ),
        CheckConstraint("nature in ('technique', 'tranquillite')", name="nature"),
        CheckConstraint("share_inside between 0 and 1", name="share_inside"),
        Index("ix_signalement_location", "location", postgresql_using="gist"),
        Index("ix_signalement_location_3857", "location_3857", postgresql_using="gist"),
        Index(
            "ix_signalement_inbox_team",
            "team_id",
            "status",
            "due_at",
            "id",
            postgresql_include=["territory_id", *INBOX_COLUMNS[1:], *OPEN_DATES],
        ),
        Index(None, "territory_id", "status", "due_at"),
        Index(
            "ix_signalement_inbox_open",
            "territory_id",
            "status",
            "due_at",
            "id",
            postgresql_include=[*INBOX_COLUMNS, *OPEN_DATES],
            postgresql_where=text(f"status in ({OPEN_LIST})"),
        ),
        Index(
            "ix_signalement_inbox_resolved",
            "territory_id",
            "updated_at",
            "id",
            postgresql_include=[*INBOX_COLUMNS, "created_at", "due_at"],
            postgresql_where=text("status = 'resolved'"),
        ),
        Index(
            "ix_signalement_inbox_all",
            "territory_id",
            "created_at",
            "id",
            postgresql_include=[*INBOX_COLUMNS, "status", "due_at", "updated_at"],
        ),
        Index(None, "territory_id", "updated_at", "id"),
        Index(None, "insee_code"),
        Index(None, "iris_code", postgresql_where=text("iris_code is not null")),
        Index(None, "reporter_id", postgresql_where=text("reporter_id is not null")),
        Index(None, "assignee_id", postgresql_where=text("assignee_id is not null")),
        Index(None, "qpv_code", "status"),
        Index(None, "category_id"),
        Index(
            "ix_signalement_inbox_category",
            "category_id",
            "created_at",
            "id",
            postgresql_include=[
                "territory_id",
                "nature",
                "team_id",
                "status",
                "updated_at",
                "due_at",
            ],
        ),
        Index(None, "duplicate_of_id", postgresql_where=text("duplicate_of_id is not null")),
        Index(None, "parent_id", postgresql_where=text("parent_id is not null")),
        Index(None, "emprise_id", postgresql_where=text("emprise_id is not null")),
        Index(None, "walk_id", postgresql_where=text("walk_id is not null")),
        *(
            Index(
                f"ix_signalement_words_{part}",
                "words",
                postgresql_using="gin",
                postgresql_where=text(f"words is not null and {condition}"),
            )
            for part, condition in WORDS_APART.items()
        ),
        Index(
            "ix_signalement_reference_trgm",
            "reference",
            postgresql_using="gin",
            postgresql_ops={"reference": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    client_id: Mapped[UUID] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    nature: Mapped[str]
    status: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    routing_ground: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    location_3857: Mapped[WKBElement] = mapped_column(
        Geometry("POINT", srid=WEB_MERCATOR, spatial_index=False),
        Computed(f"st_transform(location, {WEB_MERCATOR})", persisted=True),
    )
    accuracy_m: Mapped[float | None]
    captured_location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    captured_accuracy_m: Mapped[float | None]
    position_method: Mapped[str]
    insee_code: Mapped[str]
    iris_code: Mapped[str | None]
    qpv_code: Mapped[str | None]
    qpv_vintage: Mapped[int | None]
    inside_qpv: Mapped[bool]
    qpv_distance_m: Mapped[float | None]
    share_inside: Mapped[float]
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    captured_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    acknowledge_due_at: Mapped[datetime]
    due_at: Mapped[datetime]
    counted_from: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    priority: Mapped[str] = mapped_column(server_default="normal")
    planned_for: Mapped[date | None]
    waiting_on: Mapped[str] = mapped_column(server_default="")
    clock_stopped_at: Mapped[datetime | None]
    emprise_id: Mapped[int | None] = mapped_column(ForeignKey("emprise.id"))
    routing_doubt: Mapped[dict[str, Any] | None]
    refusals: Mapped[int] = mapped_column(server_default="0")
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("signalement.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("signalement.id"))
    reopenings: Mapped[int] = mapped_column(server_default="0")
    supports: Mapped[int] = mapped_column(server_default="0")
    description_hidden: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    walk_id: Mapped[int | None] = mapped_column(ForeignKey("site_walk.id"))

    has_photo: Mapped[bool] = mapped_column(server_default=text("false"), deferred=True)
    words: Mapped[Any] = mapped_column(
        TSVECTOR, Computed(f"to_tsvector('public.fr', {WORDS})", persisted=True), deferred=True
    )

    category: Mapped[Category] = relationship()
    team: Mapped[Team] = relationship()
    emprise: Mapped[Emprise | None] = relationship()
    reporter: Mapped[Account | None] = relationship(foreign_keys=[reporter_id])
    assignee: Mapped[Account | None] = relationship(foreign_keys=[assignee_id])


class Event(Base):
    """One line of the journal: who, on behalf of which body, when, what, why.

    `changes` holds `{"set": {...}, "was": {...}}` of the state fields that this line changed, so
    that the present state is the sum of the lines. `version` is the signalement's after the line;
    `sequence` counts its lines. An `internal` line is for those who handle. `undoes_id` is the
    line that this one takes back, once at most. The database refuses to change or remove a line.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("signalement_id", "sequence"),
        Index(None, "at"),
        Index(
            "uq_event_undoes_id",
            "undoes_id",
            unique=True,
            postgresql_where=text("undoes_id is not null"),
        ),
    )

    id: Mapped[Id]
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    sequence: Mapped[int]
    version: Mapped[int]
    kind: Mapped[str]
    internal: Mapped[bool] = mapped_column(server_default=text("false"))
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    comment: Mapped[str] = mapped_column(server_default="")
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))


class ReferenceCounter(Base):
    """The last number given to a signalement of a territory in a year, one series per nature.

    Apart, so that the holes in what is public do not count what is confidential.
    """

    __tablename__ = "reference_counter"

    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    series: Mapped[str] = mapped_column(primary_key=True, server_default="")
    last: Mapped[int]


class Support(Base):
    """Somebody else saw the same thing. Once per account, or per sending for those without one."""

    __tablename__ = "support"
    __table_args__ = (
        Index(
            "uq_support_signalement_id_account_id",
            "signalement_id",
            "account_id",
            unique=True,
            postgresql_where=text("account_id is not null"),
        ),
        Index(None, "account_id", postgresql_where=text("account_id is not null")),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]


class Contact(Base):
    """How to reach a resident who agreed to it. Seen only by those who handle.

    `consent_at` is when they agreed, `unsubscribed_at` when they wanted no more mails;
    `recorded_by` is who filed on their behalf, if anybody.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index(None, "signalement_id"),
        Index(None, "support_id", postgresql_where=text("support_id is not null")),
    )

    id: Mapped[Id]
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    support_id: Mapped[int | None] = mapped_column(ForeignKey("support.id"))
    name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    consent_at: Mapped[datetime]
    unsubscribed_at: Mapped[datetime | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class Photo(Base):
    """A photo of a signalement, kept re-encoded under `key` in the file store.

    `moment` is before, during or after. A blackened one replaces its original for good.
    """

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("moment in ('before', 'during', 'after')", name="moment"),
        Index(None, "signalement_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    moment: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    uploaded_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]
    redacted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]
