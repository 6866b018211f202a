"""What people keep of the inbox: filters under a name, and which one opens first."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base, Id


class InboxView(Base):
    """Filters of the inbox that somebody named; with a team, its members have them too.

    `query` is the address's, as the inbox writes it.
    """

    __tablename__ = "inbox_view"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        Index(None, "team_id", postgresql_where=text("team_id is not null")),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[datetime]


class SearchWord(Base):
    """A stem that public texts hold, so that a slip of the pen leads to it.

    A trigger keeps it. Two filings at once may add the same: it is read once all the same.
    """

    __tablename__ = "search_word"
    __table_args__ = (
        Index(None, "word"),
        Index(
            "ix_search_word_trgm",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    word: Mapped[str]


class InboxDefault(Base):
    """The view that opens when somebody comes to the inbox without asking for another."""

    __tablename__ = "inbox_default"
    __table_args__ = (Index(None, "view_id"),)

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    view_id: Mapped[int] = mapped_column(ForeignKey("inbox_view.id", ondelete="CASCADE"))
