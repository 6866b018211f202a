"""Number confidential signalements apart.

Why: with one counter without holes, the references missing from the public list told how many
reports about people there were, and when.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give the counter a series."""
    op.add_column(
        "reference_counter", sa.Column("series", sa.Text(), server_default="", nullable=False)
    )
    op.drop_constraint("pk_reference_counter", "reference_counter", type_="primary")
    op.create_primary_key(
        "pk_reference_counter", "reference_counter", ["territory_id", "year", "series"]
    )


def downgrade() -> None:
    """Go back to one count."""
    op.execute("delete from reference_counter where series <> ''")
    op.drop_constraint("pk_reference_counter", "reference_counter", type_="primary")
    op.drop_column("reference_counter", "series")
    op.create_primary_key("pk_reference_counter", "reference_counter", ["territory_id", "year"])
