"""How far residents walk: squares of population, the streets of a territory, the walks reckoned."""

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import ARRAY, REAL, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.storage.models.base import Base, Id, geometry


class GridCell(Base):
    """A square of 200 m of INSEE's grid in one edition, with its residents and households.

    `imputed` means that INSEE estimated the figures: the square has fewer than 11 households. Such
    a square is counted with others and never shown by itself.
    """

    __tablename__ = "grid_cell"
    __table_args__ = (
        UniqueConstraint("code", "vintage"),
        CheckConstraint("people >= 0 and households >= 0", name="figures"),
        Index("ix_grid_cell_perimeter", "perimeter", postgresql_using="gist"),
    )

    id: Mapped[Id]
    code: Mapped[str]
    vintage: Mapped[int]
    people: Mapped[float]
    households: Mapped[float]
    imputed: Mapped[bool]
    perimeter: Mapped[WKBElement] = mapped_column(geometry("POLYGON"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class StreetNetwork(Base):
    """The walkable streets in and around a territory: packed, since they are only read whole.

    `dated_at` is the date of the map's data, as its file tells it.
    """

    __tablename__ = "street_network"
    __table_args__ = (UniqueConstraint("territory_id"),)

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    file: Mapped[str]
    sha256: Mapped[str]
    dated_at: Mapped[datetime]
    loaded_at: Mapped[datetime]
    length_km: Mapped[float]
    packed: Mapped[bytes]


class CoverageRun(Base):
    """One reckoning of the walks of a territory: how, on what, when; the last one alone is kept.

    `basis` is the version of the data that it rests on. `method` is streets or straight (a straight
    line made longer). `places_astray` counts the equipment too far from any street to be reached.
    """

    __tablename__ = "coverage_run"
    __table_args__ = (
        UniqueConstraint("territory_id"),
        CheckConstraint("method in ('streets', 'straight')", name="method"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    method: Mapped[str]
    street_file: Mapped[str]
    street_date: Mapped[datetime | None]
    grid_vintage: Mapped[int | None]
    basis: Mapped[str]
    reckoned_at: Mapped[datetime]
    themes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    places_astray: Mapped[int]


class CoveragePoint(Base):
    """Some residents, on a point, and how many metres they walk to each theme of the run.

    `metres` follows the run's themes; None where no way leads there. `astray` means too far from a
    street: their walk is then a straight line made longer. `basis` tells how their number is known.
    """

    __tablename__ = "coverage_point"
    __table_args__ = (
        CheckConstraint("scope in ('qpv', 'commune')", name="scope"),
        CheckConstraint("basis in ('square', 'imputed', 'iris', 'commune')", name="basis"),
        Index(None, "run_id"),
    )

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("coverage_run.id", ondelete="CASCADE"))
    scope: Mapped[str]
    place: Mapped[str]
    basis: Mapped[str]
    people: Mapped[float]
    households: Mapped[float | None]
    astray: Mapped[bool]
    metres: Mapped[list[float | None]] = mapped_column(ARRAY(REAL))
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))


__all__ = ["CoveragePoint", "CoverageRun", "GridCell", "StreetNetwork"]
