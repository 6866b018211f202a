"""Work on many at once, see what others do, and do without single-key shortcuts.

Why: an action on 120 signalements is kept with what became of each, to be read again; a desk that
stays open asks every few seconds whether anything changed, which one look at an index answers; a
shortcut of one key must be possible to turn off (WCAG 2.1.4).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WRITE_BEATS = """
create function write_beat() returns trigger language plpgsql as $$
begin
    insert into beat (signalement_id, team_id, nature, territory_id)
    values (new.id, new.team_id, new.nature, new.territory_id)
    on conflict (signalement_id, team_id, nature) do update set number = excluded.number;
    if tg_op = 'UPDATE' and (old.team_id, old.nature) is distinct from (new.team_id, new.nature)
    then
        insert into beat (signalement_id, team_id, nature, territory_id)
        values (old.id, old.team_id, old.nature, old.territory_id)
        on conflict (signalement_id, team_id, nature) do update set number = excluded.number;
    end if;
    return null;
end
$$
"""

ON_FILING = """
create trigger signalement_is_filed after insert on signalement
for each row execute function write_beat()
"""

ON_CHANGE = """
create trigger signalement_changes after update on signalement
for each row
when (
    (old.version, old.supports, old.team_id, old.nature)
    is distinct from (new.version, new.supports, new.team_id, new.nature)
)
execute function write_beat()
"""


def upgrade() -> None:
    """Create what keeps runs, beats and the choice of keys."""
    op.create_table(
        "bulk_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("typed", postgresql.JSONB(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_bulk_run_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_run")),
    )
    op.create_index(op.f("ix_bulk_run_account_id_at"), "bulk_run", ["account_id", "at"])
    op.create_table(
        "beat",
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_beat_signalement_id_signalement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_beat_team_id_team")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_beat_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("signalement_id", "team_id", "nature", name=op.f("pk_beat")),
    )
    for column in ("team_id", "territory_id"):
        op.create_index(
            op.f(f"ix_beat_{column}_nature_number"), "beat", [column, "nature", "number"]
        )
    op.execute(WRITE_BEATS)
    op.execute(ON_FILING)
    op.execute(ON_CHANGE)
    op.add_column(
        "account",
        sa.Column("single_keys", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("account", "single_keys")
    op.execute("drop trigger signalement_changes on signalement")
    op.execute("drop trigger signalement_is_filed on signalement")
    op.execute("drop function write_beat()")
    for column in ("team_id", "territory_id"):
        op.drop_index(op.f(f"ix_beat_{column}_nature_number"), table_name="beat")
    op.drop_table("beat")
    op.drop_index(op.f("ix_bulk_run_account_id_at"), table_name="bulk_run")
    op.drop_table("bulk_run")
