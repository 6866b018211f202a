"""How far off a phone's clock was when it sent a report that it had kept.

Why: a report filed without signal says itself when it was seen; a phone whose clock is a day off
says a wrong day, and who handles it must know that the hour is doubtful.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the difference; what is already there has none."""
    op.add_column("signalement", sa.Column("clock_off_s", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Forget the differences."""
    op.drop_column("signalement", "clock_off_s")
