"""What was sent to people, is being sent, or could not be."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.core.notices import Channel, Sending
from qpvmap.storage.models.base import Base, Id

CHANNEL_LIST = ", ".join(f"'{channel}'" for channel in Channel)
STATE_LIST = ", ".join(f"'{state}'" for state in Sending)


class Notice(Base):
    """One thing to tell one person by one channel, once: `key` is event x person x channel.

    `attempts` is raised by whoever takes it up, who may go on only while it is still theirs.
    `in_doubt` is a failed one whose last byte may have left.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(f"channel in ({CHANNEL_LIST})", name="channel"),
        CheckConstraint(f"state in ({STATE_LIST})", name="state"),
        CheckConstraint(
            "num_nonnulls(account_id, contact_id, team_id, subscriber_id) = 1", name="one_person"
        ),
        Index(
            "ix_notice_territory_id_failed",
            "territory_id",
            "created_at",
            postgresql_where=text("state = 'failed'"),
        ),
        Index(
            "ix_notice_under_way",
            "created_at",
            postgresql_where=text("state in ('waiting', 'sending', 'handing')"),
        ),
        Index(None, "territory_id", "created_at"),
        Index(None, "signalement_id", postgresql_where=text("signalement_id is not null")),
        Index(None, "event_id", postgresql_where=text("event_id is not null")),
        Index(None, "account_id", postgresql_where=text("account_id is not null")),
        Index(None, "contact_id", postgresql_where=text("contact_id is not null")),
        Index(None, "team_id", postgresql_where=text("team_id is not null")),
        Index(None, "subscriber_id", postgresql_where=text("subscriber_id is not null")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    kind: Mapped[str]
    channel: Mapped[str]
    signalement_id: Mapped[int | None] = mapped_column(ForeignKey("signalement.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE")
    )
    address: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    in_doubt: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
