"""A territory (a contract's perimeter): its communes, bodies, teams, categories, rules, plan."""

from datetime import date, datetime, time

from geoalchemy2 import WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.storage.models.base import Base, Id, geometry


class Territory(Base):
    """A contract's perimeter. `reference_prefix` begins the references of its signalements.

    `digest_times` are the local hours of its teams' digests. The names on its mediators' rounds are
    forgotten after `presence_names_months`.
    """

    __tablename__ = "territory"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    tagline: Mapped[str] = mapped_column(server_default="")
    contract_title: Mapped[str] = mapped_column(server_default="")
    reference_prefix: Mapped[str] = mapped_column(unique=True)
    qpv_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    insee_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    emergency_numbers: Mapped[str] = mapped_column(server_default="17, 18, 112")
    digest_times: Mapped[list[time]] = mapped_column(
        ARRAY(Time), server_default=text("'{08:00,13:30}'::time[]")
    )
    presence_names_months: Mapped[int] = mapped_column(server_default="12")


class Organisation(Base):
    """A body: town, EPT, landlord, municipal police, association, prefecture."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint(
            "kind in ('commune', 'epci', 'bailleur', 'police', 'association', 'prefecture', "
            "'departement', 'copropriete')",
            name="kind",
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    insee_code: Mapped[str | None]


class Team(Base):
    """A unit that handles signalements; its address is a shared one, never one person's.

    Only a `confidential` one may be given a signalement of nature tranquillite.
    `depot` is where its rounds set out from and come back to, unless a round says otherwise.
    """

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("territory_id", "code"), Index(None, "organisation_id"))

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    code: Mapped[str]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(server_default="")
    confidential: Mapped[bool] = mapped_column(server_default=text("false"))
    depot: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    depot_label: Mapped[str] = mapped_column(server_default="")

    organisation: Mapped[Organisation] = relationship()


class Category(Base):
    """A kind of defect. `resolve_days` and `acknowledge_days` are working days."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint("nature in ('technique', 'tranquillite')", name="nature"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    hint: Mapped[str] = mapped_column(server_default="")
    icon: Mapped[str]
    nature: Mapped[str]
    position: Mapped[int]
    acknowledge_days: Mapped[int]
    resolve_days: Mapped[int]
    kindred: Mapped[str] = mapped_column(server_default="")
    duplicate_radius_m: Mapped[int] = mapped_column(server_default="50")
    photo_after: Mapped[bool] = mapped_column(server_default=text("false"))


class DeadlineRule(Base):
    """The delays promised for a category, or for one team on it; null stands for any team.

    Days are working days; hours are of the clock on the wall, for emergencies.
    """

    __tablename__ = "deadline_rule"
    __table_args__ = (
        Index(
            "uq_deadline_rule_category_id_team_id",
            "category_id",
            text("coalesce(team_id, 0)"),
            unique=True,
        ),
        Index(None, "team_id"),
    )

    id: Mapped[Id]
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    acknowledge_days: Mapped[int]
    resolve_days: Mapped[int]
    emergency_acknowledge_hours: Mapped[int] = mapped_column(server_default="4")
    emergency_resolve_hours: Mapped[int] = mapped_column(server_default="24")


class ClosingDay(Base):
    """A day on which a body does not work, besides weekends and public holidays."""

    __tablename__ = "closing_day"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(server_default="")


class Emprise(Base):
    """A piece of ground with the body that owns or manages it, who says so, and how surely.

    `confidence` is 0 to 1. A removed one keeps its row: signalements name it.
    """

    __tablename__ = "emprise"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint("confidence between 0 and 1", name="confidence"),
        CheckConstraint(
            "kind in ('residence', 'road', 'school', 'condominium', 'garden', 'other', 'decision')",
            name="kind",
        ),
        Index(
            "ix_emprise_perimeter",
            "perimeter",
            postgresql_using="gist",
            postgresql_where=text("removed_at is null"),
        ),
        Index(None, "organisation_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    source: Mapped[str] = mapped_column(server_default="")
    confidence: Mapped[float] = mapped_column(server_default="1")
    perimeter: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class Precedent(Base):
    """A coordinator's decision on who takes a category on a piece of ground, to be proposed."""

    __tablename__ = "precedent"
    __table_args__ = (
        Index("ix_precedent_perimeter", "perimeter", postgresql_using="gist"),
        Index(None, "territory_id"),
        Index(None, "category_id"),
        Index(None, "team_id"),
        Index(None, "signalement_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"))
    perimeter: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    reason: Mapped[str]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime]
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("routing_rule.id"))


class RoutingRuleRow(Base):
    """Whoever takes a category on a piece of ground or in a commune; null stands for any.

    `emprise_id` names one piece of ground; `emprise_organisation_id`, all those of a body.
    """

    __tablename__ = "routing_rule"
    __table_args__ = (
        # Not "nulls not distinct": PostgreSQL 14, of Ubuntu 22.04, does not know it.
        Index(
            "uq_routing_rule_territory_id_category_id_insee_code",
            "territory_id",
            text("coalesce(category_id, 0)"),
            text("coalesce(insee_code, '')"),
            text("coalesce(emprise_id, 0)"),
            text("coalesce(emprise_organisation_id, 0)"),
            unique=True,
        ),
        Index(None, "category_id"),
        Index(None, "team_id"),
        Index(None, "emprise_id"),
        Index(None, "emprise_organisation_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    insee_code: Mapped[str | None]
    emprise_id: Mapped[int | None] = mapped_column(ForeignKey("emprise.id"))
    emprise_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
