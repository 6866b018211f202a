"""What lets a team work on many signalements at once, and see what others do meanwhile."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base


class BulkRun(Base):
    """One action on many signalements: what was asked and typed, and what became of each.

    `items` are `{"reference", "version", "done", "reason"}` in the order of the list; `done` is
    null until its turn has come. `after` is the version that it made; `undone` and
    `stays`, what became of that and why it stays. Only the person who asked for it reads it.
    """

    __tablename__ = "bulk_run"
    __table_args__ = (Index(None, "account_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    action: Mapped[str]
    typed: Mapped[dict[str, Any]]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Beat(Base):
    """The last change of a signalement for a team that has it, or had it.

    `number` rises with each change; a trigger on `signalement` writes it, so that nothing that
    changes a row forgets to. A team that gave a signalement away keeps the beat that told it so.
    """

    __tablename__ = "beat"
    __table_args__ = (
        Index(None, "team_id", "nature", "number"),
        Index(None, "territory_id", "nature", "number"),
    )

    signalement_id: Mapped[int] = mapped_column(
        ForeignKey("signalement.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id"), primary_key=True, autoincrement=False
    )
    nature: Mapped[str] = mapped_column(primary_key=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    number: Mapped[int] = mapped_column(BigInteger, Identity())
