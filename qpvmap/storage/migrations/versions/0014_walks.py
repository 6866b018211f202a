"""Site walks: checklist, stops, what was seen, points, photos and decisions.

Why: the walk of a quarter by its bodies together is an object of its own, that the next walk is
compared with. Each sending from a phone has a key of its own, so that none is taken twice.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROUTE_SOURCE = (
    "(route is null) = (route_source is null)"
    " and (route_source is null or route_source in ('drawn', 'recorded'))"
)
KINDS = (
    "kind in ('residents', 'mediators', 'bailleur', 'commune', 'epci', 'police',"
    " 'association', 'state', 'other')"
)


def upgrade() -> None:
    """Create the tables, and keep on a signalement the walk on which it was seen."""
    _checklist()
    _walks()
    _stops()
    _points()
    _decisions()
    op.add_column("signalement", sa.Column("walk_id", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_signalement_walk_id"),
        "signalement",
        ["walk_id"],
        unique=False,
        postgresql_where=sa.text("walk_id is not null"),
    )
    op.create_foreign_key(
        op.f("fk_signalement_walk_id_site_walk"), "signalement", "site_walk", ["walk_id"], ["id"]
    )


def _checklist() -> None:
    op.create_table(
        "walk_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_walk_item_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_item")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_walk_item_territory_id_code")),
    )
    op.create_table(
        "walk_theme",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("item_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_walk_theme_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_theme")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_walk_theme_territory_id_code")),
    )


def _walks() -> None:
    op.create_table(
        "site_walk",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("qpv_code", sa.Text(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("item_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("follows_id", sa.BigInteger(), nullable=True),
        sa.Column("route", Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=True),
        sa.Column("route_source", sa.Text(), nullable=True),
        sa.Column("route_sending", sa.Uuid(), nullable=True),
        sa.Column("conclusion", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(ROUTE_SOURCE, name=op.f("ck_site_walk_route_source")),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at is not null)",
            name=op.f("ck_site_walk_closed_when_over"),
        ),
        sa.CheckConstraint(
            "state in ('prepared', 'under_way', 'closed')", name=op.f("ck_site_walk_state")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_site_walk_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["site_walk.id"], name=op.f("fk_site_walk_follows_id_site_walk")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_site_walk_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["walk_theme.id"], name=op.f("fk_site_walk_theme_id_walk_theme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_walk")),
        sa.UniqueConstraint("client_id", name=op.f("uq_site_walk_client_id")),
    )
    op.create_index(op.f("ix_site_walk_author_id"), "site_walk", ["author_id"], unique=False)
    op.create_index(
        op.f("ix_site_walk_follows_id"),
        "site_walk",
        ["follows_id"],
        unique=False,
        postgresql_where=sa.text("follows_id is not null"),
    )
    op.create_index(
        op.f("ix_site_walk_territory_id_day_id"),
        "site_walk",
        ["territory_id", "day", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_site_walk_theme_id"), "site_walk", ["theme_id"], unique=False)
    op.create_table(
        "walk_body",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("heads", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'residents' or name = ''", name=op.f("ck_walk_body_residents_have_no_name")
        ),
        sa.CheckConstraint(KINDS, name=op.f("ck_walk_body_kind")),
        sa.CheckConstraint("heads between 1 and 500", name=op.f("ck_walk_body_heads")),
        sa.ForeignKeyConstraint(
            ["walk_id"],
            ["site_walk.id"],
            name=op.f("fk_walk_body_walk_id_site_walk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_body")),
    )
    op.create_index(op.f("ix_walk_body_walk_id"), "walk_body", ["walk_id"], unique=False)


def _stops() -> None:
    op.create_table(
        "walk_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("before_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["before_id"],
            ["walk_stop.id"],
            name=op.f("fk_walk_stop_before_id_walk_stop"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"],
            ["site_walk.id"],
            name=op.f("fk_walk_stop_walk_id_site_walk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_stop")),
        sa.UniqueConstraint("client_id", name=op.f("uq_walk_stop_client_id")),
    )
    op.create_index(
        op.f("ix_walk_stop_before_id"),
        "walk_stop",
        ["before_id"],
        unique=False,
        postgresql_where=sa.text("before_id is not null"),
    )
    op.create_index(
        op.f("ix_walk_stop_walk_id_position"), "walk_stop", ["walk_id", "position"], unique=False
    )
    op.create_table(
        "walk_observation",
        sa.Column("stop_id", sa.BigInteger(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "grade in ('good', 'fair', 'bad', 'unseen')", name=op.f("ck_walk_observation_grade")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_walk_observation_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"],
            ["walk_stop.id"],
            name=op.f("fk_walk_observation_stop_id_walk_stop"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("stop_id", "item_code", name=op.f("pk_walk_observation")),
    )
    op.create_index(
        op.f("ix_walk_observation_author_id"), "walk_observation", ["author_id"], unique=False
    )
    op.create_table(
        "walk_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_walk_visit_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"],
            ["walk_stop.id"],
            name=op.f("fk_walk_visit_stop_id_walk_stop"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_visit")),
        sa.UniqueConstraint("client_id", name=op.f("uq_walk_visit_client_id")),
    )
    op.create_index(op.f("ix_walk_visit_author_id"), "walk_visit", ["author_id"], unique=False)
    op.create_index(op.f("ix_walk_visit_stop_id"), "walk_visit", ["stop_id"], unique=False)


def _points() -> None:
    op.create_table(
        "walk_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'defect') = (signalement_id is not null)",
            name=op.f("ck_walk_point_defects_are_signalements"),
        ),
        sa.CheckConstraint("kind in ('defect', 'satisfaction')", name=op.f("ck_walk_point_kind")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_walk_point_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_walk_point_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["walk_stop.id"], name=op.f("fk_walk_point_stop_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["site_walk.id"], name=op.f("fk_walk_point_walk_id_site_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_point")),
        sa.UniqueConstraint("client_id", name=op.f("uq_walk_point_client_id")),
        sa.UniqueConstraint("signalement_id", name=op.f("uq_walk_point_signalement_id")),
    )
    op.create_index(op.f("ix_walk_point_author_id"), "walk_point", ["author_id"], unique=False)
    op.create_index(
        op.f("ix_walk_point_stop_id"),
        "walk_point",
        ["stop_id"],
        unique=False,
        postgresql_where=sa.text("stop_id is not null"),
    )
    op.create_index(op.f("ix_walk_point_walk_id"), "walk_point", ["walk_id"], unique=False)
    op.create_table(
        "walk_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=True),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("item_code", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(stop_id, point_id) = 1", name=op.f("ck_walk_photo_one_place")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["walk_point.id"], name=op.f("fk_walk_photo_point_id_walk_point")
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["walk_stop.id"], name=op.f("fk_walk_photo_stop_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["account.id"], name=op.f("fk_walk_photo_uploaded_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["site_walk.id"], name=op.f("fk_walk_photo_walk_id_site_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_photo")),
        sa.UniqueConstraint("client_id", name=op.f("uq_walk_photo_client_id")),
        sa.UniqueConstraint("key", name=op.f("uq_walk_photo_key")),
    )
    op.create_index(
        op.f("ix_walk_photo_point_id"),
        "walk_photo",
        ["point_id"],
        unique=False,
        postgresql_where=sa.text("point_id is not null"),
    )
    op.create_index(
        op.f("ix_walk_photo_stop_id"),
        "walk_photo",
        ["stop_id"],
        unique=False,
        postgresql_where=sa.text("stop_id is not null"),
    )
    op.create_index(op.f("ix_walk_photo_uploaded_by"), "walk_photo", ["uploaded_by"], unique=False)
    op.create_index(op.f("ix_walk_photo_walk_id"), "walk_photo", ["walk_id"], unique=False)


def _decisions() -> None:
    op.create_table(
        "walk_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="promised", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_note", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'promised') = (settled_at is null)",
            name=op.f("ck_walk_decision_settled_when_over"),
        ),
        sa.CheckConstraint(
            "status in ('promised', 'done', 'dropped')", name=op.f("ck_walk_decision_status")
        ),
        sa.CheckConstraint(
            "team_id is not null or owner <> ''", name=op.f("ck_walk_decision_somebody_owns_it")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_walk_decision_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["account.id"], name=op.f("fk_walk_decision_settled_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_walk_decision_team_id_team")
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["site_walk.id"], name=op.f("fk_walk_decision_walk_id_site_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_decision")),
        sa.UniqueConstraint("client_id", name=op.f("uq_walk_decision_client_id")),
    )
    op.create_index(
        op.f("ix_walk_decision_author_id"), "walk_decision", ["author_id"], unique=False
    )
    op.create_index(
        op.f("ix_walk_decision_settled_by"),
        "walk_decision",
        ["settled_by"],
        unique=False,
        postgresql_where=sa.text("settled_by is not null"),
    )
    op.create_index(
        op.f("ix_walk_decision_team_id"),
        "walk_decision",
        ["team_id"],
        unique=False,
        postgresql_where=sa.text("team_id is not null"),
    )
    op.create_index(op.f("ix_walk_decision_walk_id"), "walk_decision", ["walk_id"], unique=False)
    op.create_table(
        "walk_decision_signalement",
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["walk_decision.id"],
            name=op.f("fk_walk_decision_signalement_decision_id_walk_decision"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_walk_decision_signalement_signalement_id_signalement"),
        ),
        sa.PrimaryKeyConstraint(
            "decision_id", "signalement_id", name=op.f("pk_walk_decision_signalement")
        ),
    )
    op.create_index(
        op.f("ix_walk_decision_signalement_signalement_id"),
        "walk_decision_signalement",
        ["signalement_id"],
        unique=False,
    )


def downgrade() -> None:
    """Forget the walks."""
    op.drop_column("signalement", "walk_id")
    for table in (
        "walk_decision_signalement",
        "walk_decision",
        "walk_photo",
        "walk_point",
        "walk_observation",
        "walk_visit",
        "walk_stop",
        "walk_body",
        "site_walk",
        "walk_theme",
        "walk_item",
    ):
        op.drop_table(table)
