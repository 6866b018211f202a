"""Answers written once and used often."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.replies import Occasion
from qpvmap.storage.models.base import Base, Id
from qpvmap.storage.models.territories import Category, Team

OCCASION_LIST = ", ".join(f"'{occasion}'" for occasion in Occasion)


class ReplyTemplate(Base):
    """A ready-made answer for an occasion; a null category or team stands for any.

    `text` holds variables such as `{lieu}`. A removed one keeps its row, so that loading the
    territory again does not bring it back.
    """

    __tablename__ = "reply_template"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint(f"occasion in ({OCCASION_LIST})", name="occasion"),
        Index(None, "category_id"),
        Index(None, "team_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    occasion: Mapped[str]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    title: Mapped[str]
    text: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=sql_text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]

    category: Mapped[Category | None] = relationship()
    team: Mapped[Team | None] = relationship()
