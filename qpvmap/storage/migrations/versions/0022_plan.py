"""What an operation was before each change, and how far it was measured to be.

Why: a workbook that comes back after somebody else changed the plan is merged field by field, which
needs what the plan said when the workbook was made; the journal told it in words only. And a plan
of 500 operations was measured to its perimeters at each reading, two thirds of a second of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a change began from, empty for those that are there; and the measures."""
    op.add_column(
        "operation_change",
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.create_table(
        "operation_measure",
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("nearness", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
            name=op.f("fk_operation_measure_operation_id_operation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_operation_measure")),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("operation_measure")
    op.drop_column("operation_change", "before")
