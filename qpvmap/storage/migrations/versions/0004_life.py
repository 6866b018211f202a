"""The whole life of a signalement: outcomes, owners of the ground, delays, duplicates, photos.

Why: status and outcome are two things (what was `rejected` is now closed, with its outcome); the
journal holds what each line changed, so that the present state can be rebuilt from it; whose ground
it is decides who takes it, and a coordinator's decision is kept as a precedent.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER_LINES = """
update event set
    sequence = version,
    to_status = case to_status when 'rejected' then 'closed' else to_status end,
    from_status = case from_status when 'rejected' then 'closed' else from_status end,
    changes = jsonb_build_object(
        'set', jsonb_build_object(
            'status', case to_status when 'rejected' then 'closed' else to_status end,
            'outcome', case
                when to_status = 'rejected' then 'no_action'
                when to_status in ('resolved', 'closed') then 'done'
            end
        )
    )
"""

STATUSES = (
    "status in ('new', 'to_arbitrate', 'acknowledged', 'scheduled', 'in_progress', 'waiting',"
    " 'resolved', 'closed', 'reopened')"
)
OUTCOMES = (
    "outcome in ('done', 'no_action', 'not_ours', 'duplicate', 'cancelled', 'not_found_on_site')"
)
ORGANISATIONS = (
    "kind in ('commune', 'epci', 'bailleur', 'police', 'association', 'prefecture', "
    "'departement', 'copropriete')"
)
PRIORITIES = "priority in ('normal', 'high', 'emergency')"

END_APART_FROM_STATUS = """
update signalement set
    outcome = case status when 'rejected' then 'no_action' else 'done' end,
    status = case status when 'rejected' then 'closed' else status end
where status in ('rejected', 'resolved', 'closed')
"""


def upgrade() -> None:
    """Create what is new, and tell outcomes apart from statuses."""
    op.create_table(
        "closing_day",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_closing_day_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_closing_day")),
    )
    op.create_table(
        "deadline_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("acknowledge_days", sa.BigInteger(), nullable=False),
        sa.Column("resolve_days", sa.BigInteger(), nullable=False),
        sa.Column(
            "emergency_acknowledge_hours", sa.BigInteger(), server_default="4", nullable=False
        ),
        sa.Column("emergency_resolve_hours", sa.BigInteger(), server_default="24", nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_deadline_rule_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_deadline_rule_team_id_team")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_rule")),
    )
    op.create_index(op.f("ix_deadline_rule_team_id"), "deadline_rule", ["team_id"], unique=False)
    op.create_index(
        "uq_deadline_rule_category_id_team_id",
        "deadline_rule",
        ["category_id", sa.literal_column("coalesce(team_id, 0)")],
        unique=True,
    )
    op.create_table(
        "emprise",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("confidence", sa.Double(), server_default="1", nullable=False),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('residence', 'road', 'school', 'condominium', 'garden', 'other')",
            name=op.f("ck_emprise_kind"),
        ),
        sa.CheckConstraint("confidence between 0 and 1", name=op.f("ck_emprise_confidence")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_emprise_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_emprise_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["account.id"], name=op.f("fk_emprise_updated_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emprise")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_emprise_territory_id_code")),
    )
    op.create_index(
        op.f("ix_emprise_organisation_id"), "emprise", ["organisation_id"], unique=False
    )
    op.create_index(
        "ix_emprise_perimeter",
        "emprise",
        ["perimeter"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redacted_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("moment in ('before', 'during', 'after')", name=op.f("ck_photo_moment")),
        sa.ForeignKeyConstraint(
            ["redacted_by"], ["account.id"], name=op.f("fk_photo_redacted_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"], ["signalement.id"], name=op.f("fk_photo_signalement_id_signalement")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["account.id"], name=op.f("fk_photo_uploaded_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("client_id", name=op.f("uq_photo_client_id")),
        sa.UniqueConstraint("key", name=op.f("uq_photo_key")),
    )
    op.create_index(op.f("ix_photo_signalement_id"), "photo", ["signalement_id"], unique=False)
    op.create_table(
        "precedent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_precedent_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_precedent_decided_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["routing_rule.id"], name=op.f("fk_precedent_rule_id_routing_rule")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_precedent_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_precedent_team_id_team")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_precedent_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_precedent")),
    )
    op.create_index(op.f("ix_precedent_category_id"), "precedent", ["category_id"], unique=False)
    op.create_index(
        "ix_precedent_perimeter", "precedent", ["perimeter"], unique=False, postgresql_using="gist"
    )
    op.create_index(
        op.f("ix_precedent_signalement_id"), "precedent", ["signalement_id"], unique=False
    )
    op.create_index(op.f("ix_precedent_territory_id"), "precedent", ["territory_id"], unique=False)
    op.create_index(op.f("ix_precedent_team_id"), "precedent", ["team_id"], unique=False)
    op.create_table(
        "support",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_support_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_support_signalement_id_signalement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support")),
        sa.UniqueConstraint("client_id", name=op.f("uq_support_client_id")),
    )
    op.create_index(
        op.f("ix_support_account_id"),
        "support",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("account_id is not null"),
    )
    op.create_index(
        "uq_support_signalement_id_account_id",
        "support",
        ["signalement_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("account_id is not null"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("support_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_contact_recorded_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_contact_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(
            ["support_id"], ["support.id"], name=op.f("fk_contact_support_id_support")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_signalement_id"), "contact", ["signalement_id"], unique=False)
    op.create_index(
        op.f("ix_contact_support_id"),
        "contact",
        ["support_id"],
        unique=False,
        postgresql_where=sa.text("support_id is not null"),
    )
    op.add_column("category", sa.Column("kindred", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "category",
        sa.Column("duplicate_radius_m", sa.BigInteger(), server_default="50", nullable=False),
    )
    op.add_column(
        "category",
        sa.Column("photo_after", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute("alter table event disable trigger event_is_append_only")
    op.add_column("event", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column(
        "event",
        sa.Column("internal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "event",
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.drop_constraint(op.f("uq_event_signalement_id_version"), "event", type_="unique")
    op.create_unique_constraint(
        op.f("uq_event_signalement_id_sequence"), "event", ["signalement_id", "sequence"]
    )
    op.drop_column("event", "details")
    op.execute(NUMBER_LINES)
    op.execute("alter table event enable trigger event_is_append_only")
    op.alter_column("event", "sequence", nullable=False)
    op.add_column("routing_rule", sa.Column("emprise_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "routing_rule", sa.Column("emprise_organisation_id", sa.BigInteger(), nullable=True)
    )
    op.drop_index(
        op.f("uq_routing_rule_territory_id_category_id_insee_code"), table_name="routing_rule"
    )
    op.create_index(
        "uq_routing_rule_territory_id_category_id_insee_code",
        "routing_rule",
        [
            "territory_id",
            sa.literal_column("coalesce(category_id, 0)"),
            sa.literal_column("coalesce(insee_code, '')"),
            sa.literal_column("coalesce(emprise_id, 0)"),
            sa.literal_column("coalesce(emprise_organisation_id, 0)"),
        ],
        unique=True,
    )
    op.create_index(
        op.f("ix_routing_rule_emprise_id"), "routing_rule", ["emprise_id"], unique=False
    )
    op.create_index(
        op.f("ix_routing_rule_emprise_organisation_id"),
        "routing_rule",
        ["emprise_organisation_id"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_routing_rule_emprise_id_emprise"),
        "routing_rule",
        "emprise",
        ["emprise_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_routing_rule_emprise_organisation_id_organisation"),
        "routing_rule",
        "organisation",
        ["emprise_organisation_id"],
        ["id"],
    )
    op.add_column("signalement", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column(
        "signalement", sa.Column("priority", sa.Text(), server_default="normal", nullable=False)
    )
    op.add_column("signalement", sa.Column("planned_for", sa.Date(), nullable=True))
    op.add_column(
        "signalement", sa.Column("waiting_on", sa.Text(), server_default="", nullable=False)
    )
    op.add_column(
        "signalement", sa.Column("clock_stopped_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "signalement", sa.Column("counted_from", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute("update signalement set counted_from = created_at")
    op.alter_column("signalement", "counted_from", nullable=False)
    op.add_column("signalement", sa.Column("emprise_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "signalement",
        sa.Column("routing_doubt", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.add_column(
        "signalement", sa.Column("refusals", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("signalement", sa.Column("duplicate_of_id", sa.BigInteger(), nullable=True))
    op.add_column("signalement", sa.Column("parent_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "signalement", sa.Column("reopenings", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "signalement", sa.Column("supports", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "signalement",
        sa.Column(
            "description_hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.create_index(
        "ix_signalement_description_trgm",
        "signalement",
        ["description"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"description": "gin_trgm_ops"},
    )
    op.create_index(
        op.f("ix_signalement_duplicate_of_id"),
        "signalement",
        ["duplicate_of_id"],
        unique=False,
        postgresql_where=sa.text("duplicate_of_id is not null"),
    )
    op.create_index(
        op.f("ix_signalement_emprise_id"),
        "signalement",
        ["emprise_id"],
        unique=False,
        postgresql_where=sa.text("emprise_id is not null"),
    )
    op.create_index(
        op.f("ix_signalement_parent_id"),
        "signalement",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id is not null"),
    )
    op.create_foreign_key(
        op.f("fk_signalement_duplicate_of_id_signalement"),
        "signalement",
        "signalement",
        ["duplicate_of_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_signalement_parent_id_signalement"),
        "signalement",
        "signalement",
        ["parent_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_signalement_emprise_id_emprise"), "signalement", "emprise", ["emprise_id"], ["id"]
    )
    op.execute("alter table organisation drop constraint ck_organisation_kind")
    op.create_check_constraint(op.f("ck_organisation_kind"), "organisation", ORGANISATIONS)
    op.execute("alter table signalement drop constraint ck_signalement_status")
    op.execute(END_APART_FROM_STATUS)
    op.create_check_constraint(op.f("ck_signalement_status"), "signalement", STATUSES)
    op.create_check_constraint(op.f("ck_signalement_outcome"), "signalement", OUTCOMES)
    op.create_check_constraint(op.f("ck_signalement_priority"), "signalement", PRIORITIES)
    op.create_check_constraint(
        op.f("ck_signalement_outcome_when_ended"),
        "signalement",
        "(outcome is not null) = (status in ('resolved', 'closed'))",
    )


def downgrade() -> None:
    """Refuse: statuses and outcomes that were one thing cannot be told apart backwards."""
    raise RuntimeError("no way back from 0004: restore the backup taken before upgrading")
