"""The inbox: who of the team has it.

Why: a team of ten needs to know who goes. A person is named to those who handle, and to nobody else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what is new."""
    op.add_column("signalement", sa.Column("assignee_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_signalement_assignee_id_account"),
        "signalement",
        "account",
        ["assignee_id"],
        ["id"],
    )
    op.create_index(
        op.f("ix_signalement_assignee_id"),
        "signalement",
        ["assignee_id"],
        postgresql_where=sa.text("assignee_id is not null"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_column("signalement", "assignee_id")
