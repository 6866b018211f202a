"""Teams' digests and reminders, subscribers and their alerts, devices that are told by push.

Why: a digest or a reminder is sent once, whichever worker sees to it, because its row has a key.
Somebody without an account is a subscriber by an address that they proved to be theirs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = "kind in ('signalement', 'street', 'qpv', 'category')"
ONE_TARGET = (
    "(kind = 'signalement') = (signalement_id is not null)"
    " and (kind = 'category') = (category_id is not null)"
    " and (kind in ('street', 'qpv')) = (place <> '')"
)
ONE_PERSON = "num_nonnulls(account_id, contact_id, team_id, subscriber_id) = 1"
ONE_PERSON_BEFORE = "num_nonnulls(account_id, contact_id, team_id) = 1"


def upgrade() -> None:
    """Create what is new, and let a notice go to a subscriber."""
    _subscribers()
    _devices()
    _team_sendings()
    op.create_index(op.f("ix_event_at"), "event", ["at"])
    for name, default in (("told_of_followed", "true"), ("told_of_teams", "false")):
        op.add_column(
            "account",
            sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False),
        )
    op.add_column(
        "territory",
        sa.Column(
            "digest_times",
            postgresql.ARRAY(sa.Time()),
            server_default=sa.text("'{08:00,13:30}'::time[]"),
            nullable=False,
        ),
    )
    op.add_column("notice", sa.Column("subscriber_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notice_subscriber_id_subscriber"),
        "notice",
        "subscriber",
        ["subscriber_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(
        op.f("ix_notice_subscriber_id"),
        "notice",
        ["subscriber_id"],
        postgresql_where=sa.text("subscriber_id is not null"),
    )
    op.execute("alter table notice drop constraint ck_notice_one_person")
    op.create_check_constraint(op.f("ck_notice_one_person"), "notice", ONE_PERSON)


def _subscribers() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("told_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(account_id, email) = 1", name=op.f("ck_subscriber_one_identity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_subscriber_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("account_id", name=op.f("uq_subscriber_account_id")),
        sa.UniqueConstraint("email", name=op.f("uq_subscriber_email")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_subscription_kind")),
        sa.CheckConstraint(ONE_TARGET, name=op.f("ck_subscription_one_target")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_subscription_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_subscription_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_subscription_signalement_id_signalement"),
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_subscription_category_id_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index(
        "uq_subscription_subscriber_id_target",
        "subscription",
        [
            "subscriber_id",
            "territory_id",
            "kind",
            sa.text("coalesce(signalement_id, category_id, 0)"),
            "place",
        ],
        unique=True,
    )
    op.create_index(op.f("ix_subscription_territory_id"), "subscription", ["territory_id"])
    op.create_index(
        op.f("ix_subscription_signalement_id"),
        "subscription",
        ["signalement_id"],
        postgresql_where=sa.text("signalement_id is not null"),
    )


def _devices() -> None:
    op.create_table(
        "push_device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_push_device_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_device")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_device_endpoint")),
    )
    op.create_index(op.f("ix_push_device_account_id"), "push_device", ["account_id"])


def _team_sendings() -> None:
    op.create_table(
        "reminder",
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("step in ('before', 'at', 'twice')", name=op.f("ck_reminder_step")),
        sa.ForeignKeyConstraint(
            ["signalement_id"],
            ["signalement.id"],
            name=op.f("fk_reminder_signalement_id_signalement"),
        ),
        sa.PrimaryKeyConstraint("signalement_id", "due_at", "step", name=op.f("pk_reminder")),
    )
    op.create_table(
        "team_digest",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_digest_team_id_team")),
        sa.PrimaryKeyConstraint("team_id", "slot", name=op.f("pk_team_digest")),
    )


def downgrade() -> None:
    """Forget who follows what, and the devices."""
    op.execute("delete from notice where subscriber_id is not null")
    op.execute("alter table notice drop constraint ck_notice_one_person")
    op.create_check_constraint(op.f("ck_notice_one_person"), "notice", ONE_PERSON_BEFORE)
    op.drop_column("notice", "subscriber_id")
    op.drop_column("territory", "digest_times")
    op.drop_column("account", "told_of_teams")
    op.drop_column("account", "told_of_followed")
    op.drop_index(op.f("ix_event_at"), "event")
    for table in ("team_digest", "reminder", "push_device", "subscription", "subscriber"):
        op.drop_table(table)
