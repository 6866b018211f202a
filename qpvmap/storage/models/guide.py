"""The guide of services: structures, what they offer, what they say of it, and how it changed."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.core.guide import COSTS, THEMES, Proposal, Quality
from qpvmap.storage.models.base import Base, Id, geometry

QUALITY_LIST = ", ".join(f"'{quality}'" for quality in Quality)
THEME_LIST = ", ".join(f"'{theme}'" for theme in THEMES)
COST_LIST = ", ".join(f"'{cost}'" for cost in COSTS)
PROPOSAL_LIST = ", ".join(f"'{state}'" for state in Proposal)


class GuideStructure(Base):
    """A body that receives people. Empty means not known; `location` is None at commune level.

    `insee_code` is empty for all communes, or when it is not known which. `version` rises with
    every change to it or to its offers. A removed one keeps its row, so that loading the territory
    again does not bring it back. `asked` counts the mails since an answer.
    """

    __tablename__ = "guide_structure"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint(f"position_quality in ({QUALITY_LIST})", name="position_quality"),
        CheckConstraint(
            "(location is null) = (position_quality = 'commune')", name="place_is_known"
        ),
        Index("ix_guide_structure_location", "location", postgresql_using="gist"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="")
    insee_code: Mapped[str]
    place: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    location: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    position_quality: Mapped[str] = mapped_column(server_default="commune")
    phone: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")
    site: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    to_check: Mapped[bool] = mapped_column(server_default=text("false"))
    checked_on: Mapped[date | None]
    checked_by: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]

    offers: Mapped[list["GuideOffer"]] = relationship(
        order_by="GuideOffer.position, GuideOffer.id",
        primaryjoin="and_(GuideOffer.structure_id == GuideStructure.id, "
        "GuideOffer.removed_at.is_(None))",
        viewonly=True,
    )


class GuideOffer(Base):
    """Something that a structure offers: what, for whom, when. `schedule`: see core.permanences.

    `search` weighs title, theme and publics, text, synonyms (A to D); `search_text` is the same in
    one line, for what was mistyped.
    """

    __tablename__ = "guide_offer"
    __table_args__ = (
        UniqueConstraint("structure_id", "code"),
        CheckConstraint(f"theme in ({THEME_LIST})", name="theme"),
        CheckConstraint(f"cost in ({COST_LIST})", name="cost"),
        Index("ix_guide_offer_search", "search", postgresql_using="gin"),
    )

    id: Mapped[Id]
    structure_id: Mapped[int] = mapped_column(ForeignKey("guide_structure.id"))
    code: Mapped[str]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    title: Mapped[str]
    theme: Mapped[str]
    publics: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    for_whom: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    schedule: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    languages: Mapped[str] = mapped_column(server_default="")
    contact: Mapped[str] = mapped_column(server_default="")
    cost: Mapped[str] = mapped_column(server_default="unknown")
    cost_note: Mapped[str] = mapped_column(server_default="")
    conditions: Mapped[str] = mapped_column(server_default="")
    search: Mapped[Any] = mapped_column(TSVECTOR, server_default=text("''::tsvector"))
    search_text: Mapped[str] = mapped_column(server_default="")
    removed_at: Mapped[datetime | None]


class GuideSynonym(Base):
    """Terms that mean the same to those who look for something."""

    __tablename__ = "guide_synonym"
    __table_args__ = (Index(None, "territory_id"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text))


class GuideWord(Base):
    """A word that offers of a territory are found by, to mend what is mistyped."""

    __tablename__ = "guide_word"

    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)


class GuideProposal(Base):
    """What a structure corrected by its link, until a coordinator decides.

    `closes` when it says that it receives nobody any more; an offer that it no longer makes has
    `gone` among its differences.
    """

    __tablename__ = "guide_proposal"
    __table_args__ = (
        CheckConstraint(f"state in ({PROPOSAL_LIST})", name="state"),
        Index(None, "structure_id"),
        Index(None, "territory_id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    structure_id: Mapped[int] = mapped_column(ForeignKey("guide_structure.id"))
    received_at: Mapped[datetime]
    fields: Mapped[dict[str, Any]]
    offers: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(server_default="")
    closes: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class GuideEvent(Base):
    """A line of the history of a structure; `changes` holds what each field was and became."""

    __tablename__ = "guide_event"
    __table_args__ = (Index(None, "structure_id"), Index(None, "account_id"))

    id: Mapped[Id]
    structure_id: Mapped[int] = mapped_column(ForeignKey("guide_structure.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
