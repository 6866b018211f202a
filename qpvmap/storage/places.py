"""Where things are."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat, accuracy_within_bounds
from qpvmap.core.places import Candidate, EmpriseRef, Location, PlaceRef, QpvPosition

SHARE_DECIMALS = 6
LOCATE = text("select * from derived.locate(:lon, :lat, :accuracy_m, :max_distance_m)")


def locate(
    session: Session,
    point: LonLat,
    accuracy_m: float | None = None,
    max_distance_m: float = 5000,
) -> Location:
    """Return the commune, IRIS, nearest quarter and owners of `point`, in one statement.

    Parameters
    ----------
    point : LonLat
        EPSG:4326, degrees.
    accuracy_m : float, optional
        Radius of the GPS accuracy disc, metres; None or 0 for an exact point.
    max_distance_m : float
        Beyond it no quarter is named, metres on the ellipsoid.

    Raises
    ------
    ValueError
        If the accuracy is no number.

    Notes
    -----
    The quarter is of the newest generation in the database; `share_inside` is the part of the
    disc that lies inside it.
    """
    row = (
        session.execute(
            LOCATE,
            {
                "lon": point.lon,
                "lat": point.lat,
                "accuracy_m": accuracy_within_bounds(float(accuracy_m or 0)),
                "max_distance_m": float(max_distance_m),
            },
        )
        .mappings()
        .one()
    )
    return Location(
        commune=_place(row, "commune"),
        iris=_place(row, "iris"),
        qpv=_qpv_position(row),
        candidates=tuple(_candidate(found) for found in row["candidates"] or ()),
    )


def _place(row: RowMapping, kind: str) -> PlaceRef | None:
    code = row[f"{kind}_code"]
    return PlaceRef(code, row[f"{kind}_name"]) if code else None


def _candidate(found: Mapping[str, Any]) -> Candidate:
    emprise = found.get("emprise")
    return Candidate(
        emprise=EmpriseRef(**emprise) if emprise else None,
        insee_code=found["commune"],
        share=found["share"],
        commune_share=found["commune_share"],
        is_under=found["under"],
    )


def _qpv_position(row: RowMapping) -> QpvPosition | None:
    if row["qpv_code"] is None:
        return None
    return QpvPosition(
        code=row["qpv_code"],
        name=row["qpv_name"],
        vintage=row["qpv_vintage"],
        inside=row["inside"],
        distance_m=row["distance_m"],
        share_inside=round(min(1.0, row["share_inside"]), SHARE_DECIMALS),
    )
