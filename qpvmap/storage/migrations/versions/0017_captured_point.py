"""Where the phone was when the pin was corrected, beside where its author says it is.

Why: who goes there reads both; a phone's fix and a careful hand are often some metres apart.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the point and its accuracy; what is already there has none."""
    op.add_column(
        "signalement",
        sa.Column(
            "captured_location", Geometry("POINT", srid=4326, spatial_index=False), nullable=True
        ),
    )
    op.add_column("signalement", sa.Column("captured_accuracy_m", sa.Float(), nullable=True))


def downgrade() -> None:
    """Forget the captured points."""
    op.drop_column("signalement", "captured_accuracy_m")
    op.drop_column("signalement", "captured_location")
