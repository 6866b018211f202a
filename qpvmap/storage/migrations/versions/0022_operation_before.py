"""Keep the whole operation as it was, beside each change of it.

Why: a workbook that comes back after somebody else changed the plan is merged field by field, which
needs what the plan said when the workbook was made. The journal told it in words only.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; lines that are there have none."""
    op.add_column(
        "operation_change",
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("operation_change", "before")
