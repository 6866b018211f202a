"""The guide of services, and what equipment is matched, placed and found by.

Why: the contract asks for a guide of what is offered around the quarter, kept right by those who
offer it; equipment comes from several producers who name one place each in their own way, and from
towns' own lists, which have addresses but no points.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the guide, those beside equipment, and its new columns."""
    create_guide()
    create_beside_equipment()


def create_guide() -> None:
    """Create structures, offers, synonyms, proposals and history."""
    op.create_table(
        "guide_structure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("position_quality", sa.Text(), server_default="commune", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("to_check", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
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
            "(location is null) = (position_quality = 'commune')",
            name=op.f("ck_guide_structure_place_is_known"),
        ),
        sa.CheckConstraint(
            "position_quality in ('exact', 'address', 'commune')",
            name=op.f("ck_guide_structure_position_quality"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_guide_structure_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["account.id"], name=op.f("fk_guide_structure_updated_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_structure")),
        sa.UniqueConstraint(
            "territory_id", "code", name=op.f("uq_guide_structure_territory_id_code")
        ),
    )
    op.create_index(
        "ix_guide_structure_location",
        "guide_structure",
        ["location"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "guide_offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("structure_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column(
            "publics", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("for_whom", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "schedule", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("languages", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("cost", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("cost_note", sa.Text(), server_default="", nullable=False),
        sa.Column("conditions", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search", postgresql.TSVECTOR(), server_default=sa.text("''::tsvector"), nullable=False
        ),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cost in ('unknown', 'free', 'paid', 'income')", name=op.f("ck_guide_offer_cost")
        ),
        sa.CheckConstraint(
            "theme in ('employment', 'youth', 'training', 'school', 'childcare', 'family', "
            "'rights', 'money', 'health', 'housing', 'digital', 'french', 'solidarity', 'leisure')",
            name=op.f("ck_guide_offer_theme"),
        ),
        sa.ForeignKeyConstraint(
            ["structure_id"],
            ["guide_structure.id"],
            name=op.f("fk_guide_offer_structure_id_guide_structure"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_offer")),
        sa.UniqueConstraint("structure_id", "code", name=op.f("uq_guide_offer_structure_id_code")),
    )
    op.create_index(
        "ix_guide_offer_search", "guide_offer", ["search"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "guide_synonym",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_guide_synonym_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_synonym")),
    )
    op.create_index(
        op.f("ix_guide_synonym_territory_id"), "guide_synonym", ["territory_id"], unique=False
    )
    op.create_table(
        "guide_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("structure_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("offers", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'accepted', 'refused')", name=op.f("ck_guide_proposal_state")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_guide_proposal_decided_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["structure_id"],
            ["guide_structure.id"],
            name=op.f("fk_guide_proposal_structure_id_guide_structure"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_guide_proposal_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_proposal")),
    )
    op.create_index(
        op.f("ix_guide_proposal_structure_id"), "guide_proposal", ["structure_id"], unique=False
    )
    op.create_index(
        op.f("ix_guide_proposal_territory_id"),
        "guide_proposal",
        ["territory_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "guide_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("structure_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "changes", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_guide_event_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["structure_id"],
            ["guide_structure.id"],
            name=op.f("fk_guide_event_structure_id_guide_structure"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_event")),
    )
    op.create_index(op.f("ix_guide_event_account_id"), "guide_event", ["account_id"])
    op.create_index(
        op.f("ix_guide_event_structure_id"), "guide_event", ["structure_id"], unique=False
    )


def create_beside_equipment() -> None:
    """Create matches, places to find, addresses, and the new columns of equipment."""
    op.create_table(
        "ban_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban_address")),
        sa.UniqueConstraint("key", name=op.f("uq_ban_address_key")),
    )
    op.create_index(op.f("ix_ban_address_insee_code"), "ban_address", ["insee_code"], unique=False)
    op.create_index(
        "ix_ban_address_words",
        "ban_address",
        ["words"],
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
    )
    op.create_table(
        "unplaced_equipment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_unplaced_equipment_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unplaced_equipment")),
        sa.UniqueConstraint(
            "territory_id",
            "source",
            "source_key",
            name=op.f("uq_unplaced_equipment_territory_id_source_source_key"),
        ),
    )
    op.create_table(
        "equipment_match",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('proposed', 'same', 'different')", name=op.f("ck_equipment_match_state")
        ),
        sa.CheckConstraint("first_id <> second_id", name=op.f("ck_equipment_match_two")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_equipment_match_decided_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["equipment.id"],
            name=op.f("fk_equipment_match_first_id_equipment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["equipment.id"],
            name=op.f("fk_equipment_match_second_id_equipment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_equipment_match_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_match")),
        sa.UniqueConstraint(
            "territory_id",
            "first_id",
            "second_id",
            name=op.f("uq_equipment_match_territory_id_first_id_second_id"),
        ),
    )
    op.create_index(
        op.f("ix_equipment_match_first_id"), "equipment_match", ["first_id"], unique=False
    )
    op.create_index(
        op.f("ix_equipment_match_second_id"), "equipment_match", ["second_id"], unique=False
    )
    op.add_column(
        "equipment", sa.Column("opening_hours", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("equipment", sa.Column("access", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "equipment",
        sa.Column("position_quality", sa.Text(), server_default="exact", nullable=False),
    )
    op.add_column("equipment", sa.Column("position_score", sa.Double(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for name in ("position_score", "position_quality", "access", "opening_hours"):
        op.drop_column("equipment", name)
    for table in (
        "equipment_match",
        "unplaced_equipment",
        "ban_address",
        "guide_event",
        "guide_proposal",
        "guide_synonym",
        "guide_offer",
        "guide_structure",
    ):
        op.drop_table(table)
