"""Keep what is sent to people, once for each event, person and channel.

Why: a mail that was sent twice, or never, is told by no log. The row says where each one stands,
and its key makes a second one impossible. Those who no longer want to be told say so.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PEOPLE = ("account", "contact", "team")


def upgrade() -> None:
    """Create the table, and let people say that they want no more mails."""
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("in_doubt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('mail', 'push')", name=op.f("ck_notice_channel")),
        sa.CheckConstraint(
            "state in ('waiting', 'sending', 'handing', 'sent', 'failed', 'cancelled')",
            name=op.f("ck_notice_state"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(account_id, contact_id, team_id) = 1", name=op.f("ck_notice_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_notice_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_notice_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_notice_event_id_event")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_notice_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_notice_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_notice_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(
        "ix_notice_territory_id_failed",
        "notice",
        ["territory_id", "created_at"],
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_notice_under_way",
        "notice",
        ["created_at"],
        postgresql_where=sa.text("state in ('waiting', 'sending', 'handing')"),
    )
    op.create_index(
        op.f("ix_notice_territory_id_created_at"), "notice", ["territory_id", "created_at"]
    )
    for column in ("signalement_id", "event_id", *(f"{person}_id" for person in PEOPLE)):
        op.create_index(
            op.f(f"ix_notice_{column}"),
            "notice",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )
    op.add_column(
        "account",
        sa.Column("told_by_mail", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.add_column(
        "contact", sa.Column("unsubscribed_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    """Forget what was sent."""
    op.drop_column("contact", "unsubscribed_at")
    op.drop_column("account", "told_by_mail")
    op.drop_table("notice")
