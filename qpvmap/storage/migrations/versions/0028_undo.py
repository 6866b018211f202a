"""The line of a journal that another line takes back.

Why: a slip of the keyboard told residents of what nobody had meant. For a minute nothing is sent,
and what was done can be taken back: both lines stay, and the second names the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; no line of the past takes another back."""
    op.add_column("event", sa.Column("undoes_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_event_undoes_id_event"),
        "event",
        "event",
        ["undoes_id"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.create_index(
        "uq_event_undoes_id",
        "event",
        ["undoes_id"],
        unique=True,
        postgresql_where=sa.text("undoes_id is not null"),
    )


def downgrade() -> None:
    """Forget which line takes which back."""
    op.drop_index("uq_event_undoes_id", table_name="event")
    op.drop_column("event", "undoes_id")
