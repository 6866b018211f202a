"""Mediators' rounds, the solicitations they receive, the actions they take part in.

Why: the contract's indicators ask for hours of presence, solicitations and actions. No column of
these tables can hold a position: where somebody was is a sector, which the phone finds by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    "initiative_photo",
    "initiative_partner",
    "initiative",
    "solicitation",
    "presence_change",
    "presence_stretch",
    "presence",
    "presence_word",
    "sector",
)


def upgrade() -> None:
    """Create the tables."""
    _words()
    _rounds()
    _solicitations()
    _initiatives()


def downgrade() -> None:
    """Forget the rounds and all that was noted."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("territory", "presence_names_months")


def _words() -> None:
    """Create the sectors, the words, and how long names are kept."""
    op.create_table(
        "presence_word",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "kind in ('public', 'theme', 'body', 'initiative')", name=op.f("ck_presence_word_kind")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_presence_word_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_word")),
        sa.UniqueConstraint(
            "territory_id", "kind", "code", name=op.f("uq_presence_word_territory_id_kind_code")
        ),
    )
    op.create_table(
        "sector",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("qpv_code", sa.Text(), nullable=True),
        sa.Column("insee_code", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_sector_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sector")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_sector_territory_id_code")),
    )
    op.add_column(
        "territory",
        sa.Column("presence_names_months", sa.BigInteger(), server_default="12", nullable=False),
    )


def _rounds() -> None:
    """Create the rounds, their parts, and the trace of corrections."""
    op.create_table(
        "presence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("end_client_id", sa.Uuid(), nullable=True),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("walker_id", sa.BigInteger(), nullable=True),
        sa.Column("walker_alias", sa.Uuid(), nullable=True),
        sa.Column("companion_id", sa.BigInteger(), nullable=True),
        sa.Column("companion_alias", sa.Uuid(), nullable=True),
        sa.Column("others", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("to_check", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("entry in ('live', 'after')", name=op.f("ck_presence_entry")),
        sa.CheckConstraint(
            "(walker_id is null) <> (walker_alias is null)", name=op.f("ck_presence_walked_by_one")
        ),
        sa.CheckConstraint(
            "companion_id is null or companion_alias is null",
            name=op.f("ck_presence_one_companion"),
        ),
        sa.CheckConstraint("ended_at > started_at", name=op.f("ck_presence_ends_after_it_starts")),
        sa.CheckConstraint("others between 0 and 9", name=op.f("ck_presence_others")),
        sa.ForeignKeyConstraint(
            ["companion_id"], ["account.id"], name=op.f("fk_presence_companion_id_account")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_presence_team_id_team")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_presence_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["walker_id"], ["account.id"], name=op.f("fk_presence_walker_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("client_id", name=op.f("uq_presence_client_id")),
        sa.UniqueConstraint("end_client_id", name=op.f("uq_presence_end_client_id")),
    )
    op.create_index(
        op.f("ix_presence_companion_id_started_at_id"),
        "presence",
        ["companion_id", "started_at", "id"],
        postgresql_where=sa.text("companion_id is not null"),
    )
    op.create_index(
        op.f("ix_presence_team_id_started_at_id"), "presence", ["team_id", "started_at", "id"]
    )
    op.create_index(
        op.f("ix_presence_territory_id_started_at_id"),
        "presence",
        ["territory_id", "started_at", "id"],
    )
    op.create_index(
        op.f("ix_presence_walker_id_started_at_id"),
        "presence",
        ["walker_id", "started_at", "id"],
        postgresql_where=sa.text("walker_id is not null"),
    )
    op.create_index(
        "uq_presence_open",
        "presence",
        ["walker_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null and cancelled_at is null"),
    )
    op.create_table(
        "presence_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("presence_id", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["presence_id"],
            ["presence.id"],
            name=op.f("fk_presence_change_presence_id_presence"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_change")),
    )
    op.create_index(
        op.f("ix_presence_change_presence_id_id"), "presence_change", ["presence_id", "id"]
    )
    op.create_table(
        "presence_stretch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("presence_id", sa.BigInteger(), nullable=False),
        sa.Column("sector_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["presence_id"],
            ["presence.id"],
            name=op.f("fk_presence_stretch_presence_id_presence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_presence_stretch_sector_id_sector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_stretch")),
        sa.UniqueConstraint("client_id", name=op.f("uq_presence_stretch_client_id")),
        sa.UniqueConstraint(
            "presence_id", "started_at", name=op.f("uq_presence_stretch_presence_id_started_at")
        ),
    )
    op.create_index(op.f("ix_presence_stretch_sector_id"), "presence_stretch", ["sector_id"])


def _solicitations() -> None:
    """Create the solicitations."""
    op.create_table(
        "solicitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("sector_id", sa.BigInteger(), nullable=True),
        sa.Column("public_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("body_id", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("times between 1 and 200", name=op.f("ck_solicitation_times")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_solicitation_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["body_id"], ["presence_word.id"], name=op.f("fk_solicitation_body_id_presence_word")
        ),
        sa.ForeignKeyConstraint(
            ["public_id"],
            ["presence_word.id"],
            name=op.f("fk_solicitation_public_id_presence_word"),
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_solicitation_sector_id_sector")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_solicitation_team_id_team")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_solicitation_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["presence_word.id"], name=op.f("fk_solicitation_theme_id_presence_word")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solicitation")),
        sa.UniqueConstraint("client_id", name=op.f("uq_solicitation_client_id")),
    )
    op.create_index(
        op.f("ix_solicitation_author_id_happened_at_id"),
        "solicitation",
        ["author_id", "happened_at", "id"],
        postgresql_where=sa.text("author_id is not null"),
    )
    op.create_index(op.f("ix_solicitation_body_id"), "solicitation", ["body_id"])
    op.create_index(op.f("ix_solicitation_public_id"), "solicitation", ["public_id"])
    op.create_index(op.f("ix_solicitation_sector_id"), "solicitation", ["sector_id"])
    op.create_index(
        op.f("ix_solicitation_team_id_happened_at_id"),
        "solicitation",
        ["team_id", "happened_at", "id"],
    )
    op.create_index(
        op.f("ix_solicitation_territory_id_happened_at_id"),
        "solicitation",
        ["territory_id", "happened_at", "id"],
    )
    op.create_index(op.f("ix_solicitation_theme_id"), "solicitation", ["theme_id"])


def _initiatives() -> None:
    """Create the actions, with whom, and their photos."""
    op.create_table(
        "initiative",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("kind_id", sa.BigInteger(), nullable=False),
        sa.Column("sector_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("organised", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("story", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_initiative_minutes")),
        sa.CheckConstraint("people >= 0", name=op.f("ck_initiative_people")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_initiative_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["kind_id"], ["presence_word.id"], name=op.f("fk_initiative_kind_id_presence_word")
        ),
        sa.ForeignKeyConstraint(
            ["sector_id"], ["sector.id"], name=op.f("fk_initiative_sector_id_sector")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_initiative_team_id_team")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_initiative_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative")),
        sa.UniqueConstraint("client_id", name=op.f("uq_initiative_client_id")),
    )
    op.create_index(
        op.f("ix_initiative_author_id_day_id"),
        "initiative",
        ["author_id", "day", "id"],
        postgresql_where=sa.text("author_id is not null"),
    )
    op.create_index(op.f("ix_initiative_kind_id"), "initiative", ["kind_id"])
    op.create_index(op.f("ix_initiative_sector_id"), "initiative", ["sector_id"])
    op.create_index(op.f("ix_initiative_team_id_day_id"), "initiative", ["team_id", "day", "id"])
    op.create_index(
        op.f("ix_initiative_territory_id_day_id"), "initiative", ["territory_id", "day", "id"]
    )
    op.create_table(
        "initiative_partner",
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("word_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=op.f("fk_initiative_partner_initiative_id_initiative"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["word_id"],
            ["presence_word.id"],
            name=op.f("fk_initiative_partner_word_id_presence_word"),
        ),
        sa.PrimaryKeyConstraint("initiative_id", "word_id", name=op.f("pk_initiative_partner")),
    )
    op.create_index("ix_initiative_partner_word_id", "initiative_partner", ["word_id"])
    op.create_table(
        "initiative_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=op.f("fk_initiative_photo_initiative_id_initiative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative_photo")),
        sa.UniqueConstraint("client_id", name=op.f("uq_initiative_photo_client_id")),
        sa.UniqueConstraint("key", name=op.f("uq_initiative_photo_key")),
    )
    op.create_index(
        op.f("ix_initiative_photo_initiative_id"), "initiative_photo", ["initiative_id"]
    )
