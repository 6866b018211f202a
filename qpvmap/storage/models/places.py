"""Official places, in every edition that was imported, and the layers drawn under them."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from qpvmap.core.geo import WEB_MERCATOR
from qpvmap.storage.models.base import Base, Id, geometry


class Dataset(Base):
    """A source that was loaded: producer, licence, edition, checksum."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("key", "vintage"),)

    id: Mapped[Id]
    key: Mapped[str]
    title: Mapped[str]
    producer: Mapped[str]
    licence: Mapped[str]
    vintage: Mapped[int]
    url: Mapped[str] = mapped_column(server_default="")
    sha256: Mapped[str] = mapped_column(server_default="")
    loaded_at: Mapped[datetime]


class Commune(Base):
    """A municipality in one edition; `insee_code` has 5 characters."""

    __tablename__ = "commune"
    __table_args__ = (
        UniqueConstraint("insee_code", "vintage"),
        CheckConstraint("length(insee_code) = 5", name="insee_code_length"),
        Index("ix_commune_perimeter", "perimeter", postgresql_using="gist"),
    )

    id: Mapped[Id]
    insee_code: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str]
    population: Mapped[int | None]
    perimeter: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Epci(Base):
    """A grouping of communes in one edition; `siren` has 9 digits. Its outline may be unknown."""

    __tablename__ = "epci"
    __table_args__ = (
        UniqueConstraint("siren", "vintage"),
        Index("ix_epci_insee_codes", "insee_codes", postgresql_using="gin"),
    )

    id: Mapped[Id]
    siren: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str]
    kind: Mapped[str]
    insee_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    perimeter: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Iris(Base):
    """An INSEE statistical block in one edition; `code` has 9 characters."""

    __tablename__ = "iris"
    __table_args__ = (
        UniqueConstraint("code", "vintage"),
        CheckConstraint("length(code) = 9", name="code_length"),
        Index("ix_iris_perimeter", "perimeter", postgresql_using="gist"),
        Index(None, "insee_code"),
    )

    id: Mapped[Id]
    code: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="")
    insee_code: Mapped[str]
    perimeter: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Qpv(Base):
    """A priority neighbourhood in one generation (2015, 2024).

    The outline is None where only the official list of codes is known. `perimeter_3857` finds
    the nearest one by index (the projection keeps shapes, so what is nearest stays nearest);
    metres come from geography.
    """

    __tablename__ = "qpv"
    __table_args__ = (
        UniqueConstraint("code", "vintage"),
        Index("ix_qpv_perimeter", "perimeter", postgresql_using="gist"),
        Index("ix_qpv_perimeter_3857", "perimeter_3857", postgresql_using="gist"),
        Index("ix_qpv_insee_codes", "insee_codes", postgresql_using="gin"),
        Index(None, "vintage"),
    )

    id: Mapped[Id]
    code: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str]
    insee_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    perimeter: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    perimeter_3857: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOLYGON", srid=WEB_MERCATOR, spatial_index=False),
        Computed(f"st_transform(perimeter, {WEB_MERCATOR})", persisted=True),
    )
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Road(Base):
    """A main road, drawn under everything when there is no background map."""

    __tablename__ = "road"
    __table_args__ = (
        UniqueConstraint("source_key", "vintage"),
        Index("ix_road_line", "line", postgresql_using="gist"),
    )

    id: Mapped[Id]
    source_key: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(server_default="")
    line: Mapped[WKBElement] = mapped_column(geometry("MULTILINESTRING"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Equipment(Base):
    """A place of service open to people, as its producer lists it.

    `theme` is one of education, family, sport, culture, social, shop, transport.
    `opening_hours` is written as OpenStreetMap does; `access`, for wheelchairs, is yes, limited, no
    or unknown (empty). `position_score`, 0 to 1, is there when an address was searched for;
    `position_quality` is exact, address or approximate.
    """

    __tablename__ = "equipment"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        Index("ix_equipment_location", "location", postgresql_using="gist"),
        Index(None, "insee_code"),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_key: Mapped[str]
    vintage: Mapped[int]
    name: Mapped[str]
    theme: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    capacity: Mapped[int | None]
    insee_code: Mapped[str | None]
    iris_code: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    opening_hours: Mapped[str] = mapped_column(server_default="")
    access: Mapped[str] = mapped_column(server_default="")
    position_quality: Mapped[str] = mapped_column(server_default="exact")
    position_score: Mapped[float | None]
    location: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class Indicator(Base):
    """A figure that has a definition: key, French title, unit, edition, producer."""

    __tablename__ = "indicator"

    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    unit: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    topic: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int] = mapped_column(server_default="0")


class IndicatorValue(Base):
    """The value of an indicator for one place and edition.

    `suppressed` means withheld by statistical secrecy: `value` is then None, never 0.
    `series` tells who published it: the contract, or an official file.
    """

    __tablename__ = "indicator_value"
    __table_args__ = (
        UniqueConstraint("series", "indicator_key", "place_kind", "place_code", "vintage"),
        CheckConstraint("not (suppressed and value is not null)", name="suppressed_has_no_value"),
        CheckConstraint("place_kind in ('iris', 'commune', 'qpv', 'epci')", name="place_kind"),
        Index(None, "place_kind", "place_code"),
    )

    id: Mapped[Id]
    series: Mapped[str]
    indicator_key: Mapped[str] = mapped_column(ForeignKey("indicator.key"))
    place_kind: Mapped[str]
    place_code: Mapped[str]
    vintage: Mapped[int]
    value: Mapped[float | None]
    suppressed: Mapped[bool] = mapped_column(server_default=text("false"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id"))


class DataVersion(Base):
    """A counter per family of layers, raised by whoever writes them: it makes the ETags."""

    __tablename__ = "data_version"

    family: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


__all__ = [
    "Commune",
    "DataVersion",
    "Dataset",
    "Epci",
    "Equipment",
    "Indicator",
    "IndicatorValue",
    "Iris",
    "Qpv",
    "Road",
]
