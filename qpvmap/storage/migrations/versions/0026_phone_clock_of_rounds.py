"""How far off a phone's clock was when it sent what it noted of a round, or saw on a walk.

Why: a round, a request or a remark kept without signal says itself when it was; a phone whose clock
is a day off says a wrong day, and who reads the hour must know that it is doubtful.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SENDINGS = ("presence_stretch", "solicitation", "walk_visit", "walk_point", "walk_photo")
ENDS = ("presence", "site_walk")


def upgrade() -> None:
    """Add the differences; what is already there has none."""
    for table in SENDINGS:
        op.add_column(table, sa.Column("clock_off_s", sa.BigInteger(), nullable=True))
    for table in ENDS:
        op.add_column(table, sa.Column("end_clock_off_s", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Forget the differences."""
    for table in ENDS:
        op.drop_column(table, "end_clock_off_s")
    for table in SENDINGS:
        op.drop_column(table, "clock_off_s")
