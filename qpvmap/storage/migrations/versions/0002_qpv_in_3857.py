"""Keep the outline of a quarter in EPSG:3857 beside 4326.

Why: the nearest quarter of a point is asked at each filing. On geography the index compares
geodesics, 2 ms on the pilot; in a projection that keeps shapes it takes a twentieth of that, and
metres are then measured once, on the ellipsoid. Tiles will want the same column.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its index; the index on geography has no reader left."""
    op.add_column(
        "qpv",
        sa.Column(
            "perimeter_3857",
            Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
            sa.Computed("st_transform(perimeter, 3857)", persisted=True),
        ),
    )
    op.create_index("ix_qpv_perimeter_3857", "qpv", ["perimeter_3857"], postgresql_using="gist")
    op.drop_index("ix_qpv_perimeter_geography", table_name="qpv")


def downgrade() -> None:
    """Go back to the index on geography."""
    op.create_index(
        "ix_qpv_perimeter_geography",
        "qpv",
        [sa.text("(perimeter::geography)")],
        postgresql_using="gist",
    )
    op.drop_index("ix_qpv_perimeter_3857", table_name="qpv")
    op.drop_column("qpv", "perimeter_3857")
