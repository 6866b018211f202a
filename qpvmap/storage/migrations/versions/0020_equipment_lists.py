"""Towns' own lists of places, from the file that is sent to its report.

Why: an officer of a town sends the list from a page; its addresses are looked for by a job, batch
after batch, which may stop and go on, and the report is read afterwards.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of the lists."""
    op.create_table(
        "equipment_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="read", nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("found", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("asked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("answered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("without_search", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("advanced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('read', 'waiting', 'searching', 'paused', 'done')",
            name=op.f("ck_equipment_list_state"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_equipment_list_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_equipment_list_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_list")),
    )
    op.create_index(
        "ix_equipment_list_territory_id_created_at",
        "equipment_list",
        ["territory_id", "created_at"],
    )
    op.create_index("ix_equipment_list_account_id", "equipment_list", ["account_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("equipment_list")
