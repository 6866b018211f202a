"""Rounds through reports, their stops, and where each team sets out from.

Why: a team walks from one report to the next; the order, who walks, and what came of each stop are
kept, so that the phone, the paper and the desk say the same.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables, and the depot of teams."""
    op.add_column("team", sa.Column("depot", Geometry("POINT", srid=4326, spatial_index=False)))
    op.add_column("team", sa.Column("depot_label", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "round",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("walker_id", sa.BigInteger(), nullable=True),
        sa.Column("depot", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("depot_label", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "emergencies_first", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('draft', 'under_way', 'done')", name=op.f("ck_round_status")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_round_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_round_team_id_team")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_round_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["walker_id"], ["account.id"], name=op.f("fk_round_walker_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
    )
    op.create_index(op.f("ix_round_territory_id_day_id"), "round", ["territory_id", "day", "id"])
    op.create_index(op.f("ix_round_team_id_day_id"), "round", ["team_id", "day", "id"])
    op.create_index(op.f("ix_round_author_id"), "round", ["author_id"])
    op.create_index(
        op.f("ix_round_walker_id"),
        "round",
        ["walker_id"],
        postgresql_where=sa.text("walker_id is not null"),
    )
    op.create_table(
        "round_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="todo", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('todo', 'done', 'blocked', 'postponed')", name=op.f("ck_round_stop_state")
        ),
        sa.CheckConstraint(
            "(state = 'todo') = (settled_at is null)", name=op.f("ck_round_stop_settled_when_seen")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["round.id"],
            name=op.f("fk_round_stop_round_id_round"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_round_stop_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["account.id"], name=op.f("fk_round_stop_settled_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_stop")),
        sa.UniqueConstraint(
            "round_id", "signalement_id", name=op.f("uq_round_stop_round_id_signalement_id")
        ),
    )
    op.create_index(op.f("ix_round_stop_signalement_id"), "round_stop", ["signalement_id"])
    op.create_index(
        op.f("ix_round_stop_settled_by"),
        "round_stop",
        ["settled_by"],
        postgresql_where=sa.text("settled_by is not null"),
    )


def downgrade() -> None:
    """Forget the rounds."""
    op.drop_table("round_stop")
    op.drop_table("round")
    op.drop_column("team", "depot_label")
    op.drop_column("team", "depot")
