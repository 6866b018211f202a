"""Who changed which line of insertion, and when a list whose search stopped is tried again.

Why: the hours of a site are told to the State, and nobody could say who had changed them; and a
list paused by a silent address service waited for somebody to come back and press a button.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

APPEND_ONLY = """
create trigger insertion_change_is_append_only
before update or delete or truncate on insertion_change
for each statement execute function refuse_change()
"""


def upgrade() -> None:
    """Add the journal, which starts empty, and the time of the next try."""
    op.create_table(
        "insertion_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("clause_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "before is not null or after is not null", name=op.f("ck_insertion_change_something")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_insertion_change_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_insertion_change_actor_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insertion_change")),
    )
    for columns in (("territory_id", "id"), ("clause_id", "id"), ("actor_id",)):
        name = op.f(f"ix_insertion_change_{'_'.join(columns)}")
        op.create_index(name, "insertion_change", list(columns))
    op.execute(APPEND_ONLY)
    op.add_column("equipment_list", sa.Column("retry_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Forget both."""
    op.drop_column("equipment_list", "retry_at")
    op.execute("drop trigger insertion_change_is_append_only on insertion_change")
    op.drop_table("insertion_change")
