"""The investment plan whole: dates, cost, funding, dated states, documents, journal.

Why: planners keep it in a spreadsheet today. An operation may now be known before its place is. Its
journal cannot be changed, as that of signalements.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PRECISIONS = "('day', 'month', 'quarter', 'year')"
STATUSES = "('idea', 'programmed', 'studies', 'works', 'delivered', 'abandoned')"
NATURES = (
    "natures <@ '{renovation,reconstruction,creation,extension,redevelopment,"
    "renaturation,endowment}'::text[]"
)
TEXTS = ("owner_name", "equipment_state", "equipment_name", "description", "note", "address")
CHECKS = {
    "position_quality": "position_quality in ('exact', 'address', 'approximate', 'unknown')",
    "placed_or_unknown": "(location is null) = (position_quality = 'unknown')",
    "natures": NATURES,
    "equipment_state": "equipment_state in ('', 'existing', 'future')",
    "starts_precision": f"starts_precision in {PRECISIONS}",
    "ends_precision": f"ends_precision in {PRECISIONS}",
    "cost": "cost >= 0",
}
QUALITY_BEFORE = "position_quality in ('exact', 'address', 'approximate')"
APPEND_ONLY = """
create trigger operation_change_is_append_only
before update or delete or truncate on operation_change
for each statement execute function refuse_change()
"""
FUNDERS = (
    "État – politique de la ville",
    "Fonds vert",
    "DSIL",
    "DPV",
    "ANRU",
    "Région",
    "Département",
    "Métropole du Grand Paris",
    "EPT",
    "Commune",
    "CAF",
    "Banque des Territoires",
    "Bailleur",
    "Europe (FEDER, FSE+)",
    "Agence de l’eau",
    "Agence nationale du sport",
    "Association ou fondation",
    "Autre",
)
"""Funders of investment plans in France, in the order of menus; a territory adds its own."""


def upgrade() -> None:
    """Add what is known of an operation, and its tables."""
    _columns()
    _funding()
    _steps()
    _documents()
    _journal()
    _imports()


def _columns() -> None:
    for name in ("other_insee_codes", "natures"):
        op.add_column(
            "operation",
            sa.Column(
                name,
                postgresql.ARRAY(sa.Text()),
                server_default=sa.text("'{}'::text[]"),
                nullable=False,
            ),
        )
    for name in TEXTS:
        op.add_column("operation", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("operation", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.add_column("operation", sa.Column("equipment_id", sa.BigInteger(), nullable=True))
    for end in ("starts", "ends"):
        op.add_column("operation", sa.Column(f"{end}_on", sa.Date(), nullable=True))
        op.add_column("operation", sa.Column(f"{end}_precision", sa.Text(), nullable=True))
    op.add_column("operation", sa.Column("cost", sa.Numeric(13, 2), nullable=True))
    op.add_column(
        "operation",
        sa.Column("riots_2023", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("operation", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("operation", "location", nullable=True)
    op.execute("alter table operation drop constraint ck_operation_position_quality")
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_operation_{name}"), "operation", rule)
    op.create_foreign_key(
        op.f("fk_operation_owner_id_organisation"),
        "operation",
        "organisation",
        ["owner_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_operation_equipment_id_equipment"),
        "operation",
        "equipment",
        ["equipment_id"],
        ["id"],
        ondelete="SET NULL",
    )
    for name in ("owner_id", "equipment_id"):
        op.create_index(
            op.f(f"ix_operation_{name}"),
            "operation",
            [name],
            postgresql_where=sa.text(f"{name} is not null"),
        )


def _funding() -> None:
    op.create_table(
        "funder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="100", nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_funder_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder")),
    )
    op.create_index(op.f("ix_funder_territory_id"), "funder", ["territory_id"])
    op.create_index(
        "uq_funder_territory_id_name",
        "funder",
        [sa.text("coalesce(territory_id, 0)"), sa.text("lower(name)")],
        unique=True,
    )
    funder = sa.table(
        "funder", sa.column("name", sa.Text()), sa.column("position", sa.BigInteger())
    )
    op.bulk_insert(funder, [{"name": name, "position": n} for n, name in enumerate(FUNDERS, 1)])
    op.create_table(
        "funding_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("funder_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=True),
        *(sa.Column(n, sa.Numeric(13, 2), nullable=True) for n in ("asked", "agreed", "paid")),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("least(asked, agreed, paid) >= 0", name=op.f("ck_funding_line_amounts")),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
            name=op.f("fk_funding_line_operation_id_operation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["funder.id"], name=op.f("fk_funding_line_funder_id_funder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_line")),
    )
    op.create_index(
        op.f("ix_funding_line_operation_id_position"), "funding_line", ["operation_id", "position"]
    )
    op.create_index(op.f("ix_funding_line_funder_id"), "funding_line", ["funder_id"])


def _steps() -> None:
    op.create_table(
        "operation_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("starts_precision", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(f"status in {STATUSES}", name=op.f("ck_operation_step_status")),
        sa.CheckConstraint(
            f"starts_precision in {PRECISIONS}", name=op.f("ck_operation_step_starts_precision")
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
            name=op.f("fk_operation_step_operation_id_operation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_step")),
    )
    op.create_index(
        op.f("ix_operation_step_operation_id_position"),
        "operation_step",
        ["operation_id", "position"],
    )


def _documents() -> None:
    op.create_table(
        "operation_document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
            name=op.f("fk_operation_document_operation_id_operation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["account.id"], name=op.f("fk_operation_document_uploaded_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_document")),
        sa.UniqueConstraint("key", name=op.f("uq_operation_document_key")),
    )
    op.create_index(
        op.f("ix_operation_document_operation_id"), "operation_document", ["operation_id"]
    )


def _journal() -> None:
    op.create_table(
        "operation_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
            name=op.f("fk_operation_change_operation_id_operation"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_operation_change_actor_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_change")),
    )
    op.create_index(
        op.f("ix_operation_change_operation_id_id"), "operation_change", ["operation_id", "id"]
    )
    op.create_index(op.f("ix_operation_change_actor_id"), "operation_change", ["actor_id"])
    op.execute(APPEND_ONLY)


def _imports() -> None:
    op.create_table(
        "operation_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_operation_import_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_operation_import_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_import")),
    )
    op.create_index(op.f("ix_operation_import_territory_id"), "operation_import", ["territory_id"])
    op.create_index(op.f("ix_operation_import_account_id"), "operation_import", ["account_id"])


def downgrade() -> None:
    """Go back to titles and places."""
    op.execute("drop trigger operation_change_is_append_only on operation_change")
    for table in (
        "operation_import",
        "operation_change",
        "operation_document",
        "operation_step",
        "funding_line",
        "funder",
    ):
        op.drop_table(table)
    op.execute("delete from operation where location is null or removed_at is not null")
    for name in CHECKS:
        op.execute(f"alter table operation drop constraint ck_operation_{name}")
    op.alter_column("operation", "location", nullable=False)
    op.create_check_constraint(op.f("ck_operation_position_quality"), "operation", QUALITY_BEFORE)
    for name in (
        *TEXTS,
        "other_insee_codes",
        "natures",
        "owner_id",
        "equipment_id",
        "starts_on",
        "starts_precision",
        "ends_on",
        "ends_precision",
        "cost",
        "riots_2023",
        "removed_at",
    ):
        op.drop_column("operation", name)
