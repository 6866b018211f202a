"""What every page says of the territory it serves: its names and its quarter's silhouette."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat

SITE = text("""
    with outline as (
        select st_transform(perimeter, 3857) as shape
        from qpv
        where code = any (:codes) and perimeter is not null
        order by vintage desc, array_position(:codes, code)
        limit 1
    ), measured as (
        select shape, st_centroid(st_envelope(shape)) as middle,
               greatest(st_xmax(shape) - st_xmin(shape), st_ymax(shape) - st_ymin(shape)) as size
        from outline
    )
    select st_x(st_transform(st_pointonsurface(shape), 4326)) as lon,
           st_y(st_transform(st_pointonsurface(shape), 4326)) as lat,
           st_assvg(st_translate(
               st_scale(
                   st_translate(st_simplifypreservetopology(shape, size / 250),
                                -st_x(middle), -st_y(middle)),
                   26 / size, 26 / size),
               16, -16), 0, 1) as outline
    from measured
""")
"""ST_AsSVG turns y upside down: the middle of the 32 x 32 square is at (16, -16) for PostGIS."""

TERRITORY = text("""
    select territory.id, territory.code, territory.name, territory.tagline, territory.qpv_codes,
           territory.emergency_numbers,
           array(
               select distinct on (commune.insee_code) commune.name
               from commune
               where commune.insee_code = any (territory.insee_codes)
               order by commune.insee_code, commune.vintage desc
           ) as communes
    from territory
    where territory.code = :code
""")


@dataclass(frozen=True, slots=True)
class TerritoryCard:
    """The names of a territory, and its main quarter drawn as an SVG path in a 32 x 32 square.

    `center` lies on the quarter's own ground, EPSG:4326: a centroid may not.
    """

    id: int
    code: str
    name: str
    tagline: str
    qpv_codes: tuple[str, ...]
    communes: tuple[str, ...]
    emergency_numbers: str
    outline: str = ""
    center: LonLat | None = None


def territory_card(session: Session, code: str) -> TerritoryCard | None:
    """Return the card of the territory `code`, or None when it was not loaded."""
    row: Row[Any] | None = session.execute(TERRITORY, {"code": code}).one_or_none()
    if row is None:
        return None
    codes = list(row.qpv_codes)
    drawn = session.execute(SITE, {"codes": codes}).one_or_none()
    return TerritoryCard(
        id=row.id,
        code=row.code,
        name=row.name,
        tagline=row.tagline,
        qpv_codes=tuple(codes),
        communes=tuple(row.communes),
        emergency_numbers=row.emergency_numbers,
        outline=drawn.outline if drawn else "",
        center=LonLat(drawn.lon, drawn.lat) if drawn else None,
    )
