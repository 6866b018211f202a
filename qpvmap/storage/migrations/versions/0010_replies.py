"""Ready-made answers, by category, team and occasion.

Why: a service answers the same thing dozens of times; each town keeps its own words. A removed
answer keeps its row, so that loading the territory again does not bring it back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OCCASIONS = (
    "occasion in ('question', 'acknowledged', 'scheduled', 'in_progress', 'waiting', 'done',"
    " 'no_action', 'not_ours', 'not_found_on_site', 'cancelled', 'duplicate', 'refused',"
    " 'reopened')"
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reply_template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(OCCASIONS, name=op.f("ck_reply_template_occasion")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_reply_template_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_reply_template_team_id_team")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_reply_template_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["account.id"], name=op.f("fk_reply_template_updated_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
        sa.UniqueConstraint(
            "territory_id", "code", name=op.f("uq_reply_template_territory_id_code")
        ),
    )
    op.create_index(op.f("ix_reply_template_category_id"), "reply_template", ["category_id"])
    op.create_index(op.f("ix_reply_template_team_id"), "reply_template", ["team_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("reply_template")
