"""Insertion clauses by site and year, and the job offers of a territory.

Why: planners follow what public works give to residents. Neither table has a column for a person.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COUNTS = "coalesce(contracts, 0) >= 0 and coalesce(people, 0) >= 0 and coalesce(people_qpv, 0) >= 0"


def upgrade() -> None:
    """Create the two tables."""
    op.create_table(
        "insertion_clause",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("qpv_code", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("hours_planned", sa.Float(), nullable=True),
        sa.Column("hours_done", sa.Float(), nullable=True),
        sa.Column("contracts", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("people_qpv", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("year between 1990 and 2100", name=op.f("ck_insertion_clause_year")),
        sa.CheckConstraint(
            "coalesce(hours_planned, 0) >= 0 and coalesce(hours_done, 0) >= 0",
            name=op.f("ck_insertion_clause_hours"),
        ),
        sa.CheckConstraint(COUNTS, name=op.f("ck_insertion_clause_counts")),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_insertion_clause_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insertion_clause")),
        sa.UniqueConstraint(
            "territory_id",
            "year",
            "insee_code",
            "body",
            "site",
            name=op.f("uq_insertion_clause_territory_id_year_insee_code_body_site"),
        ),
    )
    op.create_table(
        "job_offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rome_code", sa.Text(), server_default="", nullable=False),
        sa.Column("rome_label", sa.Text(), server_default="", nullable=False),
        sa.Column("contract_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("positions", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("iris_code", sa.Text(), nullable=True),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column(
            "imported_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("positions >= 1", name=op.f("ck_job_offer_positions")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_job_offer_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_offer")),
        sa.UniqueConstraint(
            "territory_id", "source_key", name=op.f("uq_job_offer_territory_id_source_key")
        ),
    )
    op.create_index("ix_job_offer_location", "job_offer", ["location"], postgresql_using="gist")


def downgrade() -> None:
    """Drop the two tables."""
    op.drop_table("job_offer")
    op.drop_table("insertion_clause")
