"""Site walks: their checklist, stops, what was seen at each, points, photos and decisions."""

from datetime import date, datetime, time
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.walks import (
    BodyKind,
    DecisionStatus,
    Grade,
    PointKind,
    RouteSource,
    WalkState,
)
from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id, geometry
from qpvmap.storage.models.territories import Team


def among(values: type[WalkState | BodyKind | Grade | PointKind | DecisionStatus]) -> str:
    """Return the values of an enumeration as SQL writes a list of them."""
    return ", ".join(f"'{value}'" for value in values)


class WalkItem(Base):
    """Something that walks look at on a territory, such as the lighting."""

    __tablename__ = "walk_item"
    __table_args__ = (UniqueConstraint("territory_id", "code"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    hint: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int]


class WalkTheme(Base):
    """What a walk is about, and the items that it looks at, in order."""

    __tablename__ = "walk_theme"
    __table_args__ = (UniqueConstraint("territory_id", "code"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    position: Mapped[int]


class SiteWalk(Base):
    """A walk of several bodies through a quarter.

    `item_codes` is the checklist as it was when the walk was prepared. `follows_id` is the walk
    whose stops it sees again. `route` is simplified and bears no time: it is not anybody's track.
    """

    __tablename__ = "site_walk"
    __table_args__ = (
        CheckConstraint(f"state in ({among(WalkState)})", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed_when_over"),
        CheckConstraint(
            "(route is null) = (route_source is null)"
            f" and (route_source is null or route_source in ('{RouteSource.DRAWN}',"
            f" '{RouteSource.RECORDED}'))",
            name="route_source",
        ),
        Index(None, "territory_id", "day", "id"),
        Index(None, "author_id"),
        Index(None, "theme_id"),
        Index(None, "follows_id", postgresql_where=text("follows_id is not null")),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    qpv_code: Mapped[str]
    theme_id: Mapped[int] = mapped_column(ForeignKey("walk_theme.id"))
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    title: Mapped[str]
    day: Mapped[date]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    state: Mapped[str] = mapped_column(server_default=WalkState.PREPARED)
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("site_walk.id"))
    route: Mapped[WKBElement | None] = mapped_column(geometry("LINESTRING"))
    route_source: Mapped[str | None]
    route_sending: Mapped[UUID | None]
    conclusion: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    end_clock_off_s: Mapped[int | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))

    theme: Mapped[WalkTheme] = relationship()
    author: Mapped[Account] = relationship()
    follows: Mapped["SiteWalk | None"] = relationship(remote_side="SiteWalk.id")


class WalkBody(Base):
    """How many people of a body walked along; a body has a name, a person never."""

    __tablename__ = "walk_body"
    __table_args__ = (
        CheckConstraint(f"kind in ({among(BodyKind)})", name="kind"),
        CheckConstraint("heads between 1 and 500", name="heads"),
        CheckConstraint("kind <> 'residents' or name = ''", name="residents_have_no_name"),
        Index(None, "walk_id"),
    )

    id: Mapped[Id]
    walk_id: Mapped[int] = mapped_column(ForeignKey("site_walk.id", ondelete="CASCADE"))
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    heads: Mapped[int]
    position: Mapped[int]


class WalkStop(Base):
    """A place where the walk stops. `before_id` is the same place on the walk before."""

    __tablename__ = "walk_stop"
    __table_args__ = (
        Index(None, "walk_id", "position"),
        Index(None, "before_id", postgresql_where=text("before_id is not null")),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("site_walk.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    before_id: Mapped[int | None] = mapped_column(ForeignKey("walk_stop.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(server_default="")
    noted_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]


class WalkVisit(Base):
    """One sending of what was seen at a stop: it is taken once, whatever comes again."""

    __tablename__ = "walk_visit"
    __table_args__ = (Index(None, "stop_id"), Index(None, "author_id"))

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    stop_id: Mapped[int] = mapped_column(ForeignKey("walk_stop.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    captured_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]
    received_at: Mapped[datetime]


class WalkObservation(Base):
    """What is said of one item at one stop: the last that was seen, not the last that came."""

    __tablename__ = "walk_observation"
    __table_args__ = (
        CheckConstraint(f"grade in ({among(Grade)})", name="grade"),
        Index(None, "author_id"),
    )

    stop_id: Mapped[int] = mapped_column(
        ForeignKey("walk_stop.id", ondelete="CASCADE"), primary_key=True
    )
    item_code: Mapped[str] = mapped_column(primary_key=True)
    grade: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    captured_at: Mapped[datetime]


class WalkPoint(Base):
    """Something noted along the way.

    A defect is a signalement, and its words are there; what goes well has none: no team, no
    deadline, its words are here.
    """

    __tablename__ = "walk_point"
    __table_args__ = (
        CheckConstraint(f"kind in ({among(PointKind)})", name="kind"),
        CheckConstraint(
            "(kind = 'defect') = (signalement_id is not null)", name="defects_are_signalements"
        ),
        UniqueConstraint("signalement_id"),
        Index(None, "walk_id"),
        Index(None, "stop_id", postgresql_where=text("stop_id is not null")),
        Index(None, "author_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("site_walk.id"))
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("walk_stop.id"))
    kind: Mapped[str]
    signalement_id: Mapped[int | None] = mapped_column(ForeignKey("signalement.id"))
    text: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    captured_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]
    created_at: Mapped[datetime]


class WalkPhoto(Base):
    """A photo of a stop, of one item there or of the whole, or of something that goes well."""

    __tablename__ = "walk_photo"
    __table_args__ = (
        CheckConstraint("num_nonnulls(stop_id, point_id) = 1", name="one_place"),
        Index(None, "stop_id", postgresql_where=text("stop_id is not null")),
        Index(None, "point_id", postgresql_where=text("point_id is not null")),
        Index(None, "walk_id"),
        Index(None, "uploaded_by"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("site_walk.id"))
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("walk_stop.id"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("walk_point.id"))
    item_code: Mapped[str] = mapped_column(server_default="")
    key: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    captured_at: Mapped[datetime]
    clock_off_s: Mapped[int | None]
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    uploaded_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


walk_decision_signalement = Table(
    "walk_decision_signalement",
    Base.metadata,
    Column("decision_id", ForeignKey("walk_decision.id", ondelete="CASCADE"), primary_key=True),
    Column("signalement_id", ForeignKey("signalement.id"), primary_key=True, index=True),
)


class WalkDecision(Base):
    """What was promised at the end: what, who (a team, or a body in words), by when."""

    __tablename__ = "walk_decision"
    __table_args__ = (
        CheckConstraint(f"status in ({among(DecisionStatus)})", name="status"),
        CheckConstraint("team_id is not null or owner <> ''", name="somebody_owns_it"),
        CheckConstraint("(status = 'promised') = (settled_at is null)", name="settled_when_over"),
        Index(None, "walk_id"),
        Index(None, "team_id", postgresql_where=text("team_id is not null")),
        Index(None, "author_id"),
        Index(None, "settled_by", postgresql_where=text("settled_by is not null")),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = mapped_column(unique=True)
    walk_id: Mapped[int] = mapped_column(ForeignKey("site_walk.id"))
    what: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    owner: Mapped[str] = mapped_column(server_default="")
    due_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(server_default=DecisionStatus.PROMISED)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    settled_note: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]

    team: Mapped[Team | None] = relationship()
