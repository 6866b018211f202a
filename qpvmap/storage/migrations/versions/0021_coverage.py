"""Squares of population, the streets of a territory, and the walks reckoned on them.

Why: a straight line crosses rivers and railways, and residents are not spread evenly over an IRIS.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "grid_cell",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Double(), nullable=False),
        sa.Column("households", sa.Double(), nullable=False),
        sa.Column("imputed", sa.Boolean(), nullable=False),
        sa.Column("perimeter", Geometry("POLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("people >= 0 and households >= 0", name=op.f("ck_grid_cell_figures")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_grid_cell_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_cell")),
        sa.UniqueConstraint("code", "vintage", name=op.f("uq_grid_cell_code_vintage")),
    )
    op.create_index(
        "ix_grid_cell_perimeter", "grid_cell", ["perimeter"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "street_network",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("length_km", sa.Double(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_street_network_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_network")),
        sa.UniqueConstraint("territory_id", name=op.f("uq_street_network_territory_id")),
    )
    op.create_table(
        "coverage_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("street_file", sa.Text(), nullable=False),
        sa.Column("street_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grid_vintage", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("themes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("places_astray", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "method in ('streets', 'straight')", name=op.f("ck_coverage_run_method")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_coverage_run_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_run")),
        sa.UniqueConstraint("territory_id", name=op.f("uq_coverage_run_territory_id")),
    )
    op.create_table(
        "coverage_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("people", sa.Double(), nullable=False),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("astray", sa.Boolean(), nullable=False),
        sa.Column("metres", sa.ARRAY(sa.REAL()), nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.CheckConstraint("scope in ('qpv', 'commune')", name=op.f("ck_coverage_point_scope")),
        sa.CheckConstraint(
            "basis in ('square', 'imputed', 'iris', 'commune')",
            name=op.f("ck_coverage_point_basis"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["coverage_run.id"],
            name=op.f("fk_coverage_point_run_id_coverage_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_point")),
    )
    op.create_index(op.f("ix_coverage_point_run_id"), "coverage_point", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ("coverage_point", "coverage_run", "street_network", "grid_cell"):
        op.drop_table(table)
