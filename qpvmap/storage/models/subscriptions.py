"""Who wishes to be told of what, on which devices, and what teams were already told of."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.deadlines import Step
from qpvmap.core.subscriptions import SubscriptionKind
from qpvmap.storage.models.accounts import Account
from qpvmap.storage.models.base import Base, Id
from qpvmap.storage.models.signalements import Signalement
from qpvmap.storage.models.territories import Category

SUBSCRIPTION_LIST = ", ".join(f"'{kind}'" for kind in SubscriptionKind)
STEP_LIST = ", ".join(f"'{step}'" for step in Step)


class Subscriber(Base):
    """Somebody who follows: an account, or an address whose owner opened a link sent to it.

    `told_until` is the end of the time that the last daily alert covered.
    """

    __tablename__ = "subscriber"
    __table_args__ = (CheckConstraint("num_nonnulls(account_id, email) = 1", name="one_identity"),)

    id: Mapped[Id]
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), unique=True
    )
    email: Mapped[str | None] = mapped_column(unique=True)
    told_until: Mapped[datetime]
    created_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship()


class Subscription(Base):
    """One thing that a subscriber wishes to hear of.

    `place` is the code of a quarter, or the folded name of a street (`core.subscriptions.folded`);
    `label` is the name as it was chosen.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint(f"kind in ({SUBSCRIPTION_LIST})", name="kind"),
        CheckConstraint(
            "(kind = 'signalement') = (signalement_id is not null)"
            " and (kind = 'category') = (category_id is not null)"
            " and (kind in ('street', 'qpv')) = (place <> '')",
            name="one_target",
        ),
        Index(
            "uq_subscription_subscriber_id_target",
            "subscriber_id",
            "territory_id",
            "kind",
            text("coalesce(signalement_id, category_id, 0)"),
            "place",
            unique=True,
        ),
        Index(None, "territory_id"),
        Index(None, "signalement_id", postgresql_where=text("signalement_id is not null")),
    )

    id: Mapped[Id]
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    kind: Mapped[str]
    signalement_id: Mapped[int | None] = mapped_column(ForeignKey("signalement.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    place: Mapped[str] = mapped_column(server_default="")
    label: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]

    signalement: Mapped[Signalement | None] = relationship()
    category: Mapped[Category | None] = relationship()


class PushDevice(Base):
    """A browser that an account asked to be told on; keys as the browser gave them, base64url."""

    __tablename__ = "push_device"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(unique=True)
    p256dh: Mapped[str]
    auth: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]


class Reminder(Base):
    """A team was reminded of a promise at one of its steps: once, its key says so."""

    __tablename__ = "reminder"
    __table_args__ = (CheckConstraint(f"step in ({STEP_LIST})", name="step"),)

    signalement_id: Mapped[int] = mapped_column(ForeignKey("signalement.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class TeamDigest(Base):
    """A digest's hour was seen to for a team, with or without something to say: once."""

    __tablename__ = "team_digest"

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
