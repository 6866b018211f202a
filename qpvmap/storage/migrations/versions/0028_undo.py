"""The line of a journal that another line takes back; what is done to people and teams.

Why: a slip of the keyboard told residents of what nobody had meant. For a minute nothing is sent,
and what was done can be taken back: both lines stay, and the second names the first. And who may
do what was changed from a shell, by one person, without a trace: it is changed from pages now, and
each change is kept.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SUBJECTS = {
    "territory_id": "territory",
    "account_id": "account",
    "team_id": "team",
    "actor_id": "account",
}

APPEND_ONLY = """
create trigger upkeep_is_append_only before update or delete or truncate on upkeep
for each statement execute function refuse_change()
"""


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
    op.create_table(
        "upkeep",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "num_nonnulls(account_id, team_id) = 1", name=op.f("ck_upkeep_one_subject")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_upkeep_{column}_{table}")
            )
            for column, table in SUBJECTS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upkeep")),
    )
    op.create_index(op.f("ix_upkeep_territory_id_id"), "upkeep", ["territory_id", "id"])
    op.create_index(op.f("ix_upkeep_actor_id"), "upkeep", ["actor_id"])
    for column in ("account_id", "team_id"):
        op.create_index(
            op.f(f"ix_upkeep_{column}"),
            "upkeep",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    """Forget which line takes which back, and what was done to people and teams."""
    op.drop_table("upkeep")
    op.drop_index("uq_event_undoes_id", table_name="event")
    op.drop_column("event", "undoes_id")
