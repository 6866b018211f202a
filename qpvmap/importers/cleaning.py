"""Text, codes, numbers and outlines as producers write them, made into ours."""

import math
import re
import unicodedata
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qpvmap.core.geo import WGS84
from qpvmap.importers.report import RowRefused

Geometries = NDArray[np.object_]

SPACES = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\ufeff]")
INSEE_CODE = re.compile(r"(\d{2}|2[AB])\d{3}")
IRIS_CODE = re.compile(r"(\d{2}|2[AB])\d{7}")
QPV_CODE = re.compile(r"Q[NP][0-9A-Z]{6}")
SIREN = re.compile(r"\d{9}")
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d{1,3})?")
THOUSANDS = re.compile(r"[\s\u00a0\u202f]")
WITHHELD = {"", "s", "ns", "nd", "nr", "so", "c", "n/d", "n.d.", "n/a", "na", "secret"}
"""What INSEE and others write for a figure that is not published. Never 0."""

SMALL_WORDS = re.compile(r"(?<=[^\W\d_]) (?:De|Des|Du|Et|Aux|Au|Sur|Sous|En)(?= \w)")
ACCENTED = {
    "Bibliotheque": "Bibliothèque",
    "Chateau": "Château",
    "College": "Collège",
    "Creche": "Crèche",
    "Ecole": "École",
    "Elementaire": "Élémentaire",
    "Eglise": "Église",
    "Hopital": "Hôpital",
    "Lycee": "Lycée",
    "METRO": "Métro",
    "Mediatheque": "Médiathèque",
    "Theatre": "Théâtre",
}
UNACCENTED = re.compile(rf"\b(?:{'|'.join(ACCENTED)})\b")

TOO_BIG = 1e15
MAX_NAME = 300


def text(value: Any) -> str:
    """Return a value as one line of text: no CR LF, no doubled space; empty when missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < TOO_BIG:
        value = int(value)
    line = SPACES.sub(" ", unicodedata.normalize("NFC", str(value)))
    return CONTROLS.sub("", line).strip()


def name(value: Any) -> str:
    """Return a name.

    Raises
    ------
    RowRefused
        If it is empty or longer than any real name.
    """
    cleaned = text(value)
    if not cleaned:
        raise RowRefused("le nom est vide")
    if len(cleaned) > MAX_NAME:
        raise RowRefused(f"le nom a {len(cleaned)} caractères")
    return well_written(cleaned)


def well_written(line: str) -> str:
    """Return a name with the small words and the accents of French that its producer left out.

    "Cité Des Musiciens" is "Cité des Musiciens", "METRO 4" is "Métro 4". Only words whose accent
    cannot be mistaken are touched.
    """
    lowered = SMALL_WORDS.sub(lambda found: found[0].lower(), line)
    return UNACCENTED.sub(lambda found: ACCENTED[found[0]], lowered)


def split_list(value: Any, separators: str = ",;") -> list[str]:
    """Return the parts of a field that holds several, whatever separates them."""
    parts = re.split(f"[{separators}]", text(value))
    return [part.strip() for part in parts if part.strip()]


def _code(value: Any, pattern: re.Pattern[str], length: int, what: str) -> str:
    code = text(value).upper().replace(" ", "")
    if code.isdigit() and len(code) == length - 1:
        code = code.zfill(length)
    if not pattern.fullmatch(code):
        raise RowRefused(f"{what} « {text(value)[:40]} » illisible")
    return code


def insee_code(value: Any) -> str:
    """Return a commune's code on 5 characters; a leading zero eaten by a spreadsheet comes back."""
    return _code(value, INSEE_CODE, 5, "code de commune")


def iris_code(value: Any) -> str:
    """Return an IRIS code on 9 characters."""
    return _code(value, IRIS_CODE, 9, "code IRIS")


def qpv_code(value: Any) -> str:
    """Return the code of a priority neighbourhood, such as QN09219N or QP092009."""
    return _code(value, QPV_CODE, 8, "code de quartier")


def siren(value: Any) -> str:
    """Return a SIREN number."""
    return _code(value, SIREN, 9, "numéro SIREN")


def insee_codes(value: Any) -> list[str]:
    """Return the commune codes of a field that may hold several, sorted."""
    return sorted({insee_code(part) for part in split_list(value)})


def number(value: Any) -> float | None:
    """Return a figure, or None when it is withheld.

    Accepts a decimal comma and spaces between thousands.

    Raises
    ------
    RowRefused
        If it is neither a figure nor a mark of statistical secrecy.
    """
    written = value.strip() if isinstance(value, str) else text(value)
    if not NUMBER.fullmatch(written):
        if text(written).lower() in WITHHELD:
            return None
        written = THOUSANDS.sub("", written)
        if not NUMBER.fullmatch(written):
            raise RowRefused(f"« {text(value)[:40]} » n’est pas un nombre")
    figure = float(written.replace(",", "."))
    if not math.isfinite(figure) or abs(figure) >= TOO_BIG:
        raise RowRefused(f"« {text(value)[:40]} » est un nombre démesuré")
    return figure


def count(value: Any) -> int | None:
    """Return a whole number of people or places, or None when it is missing."""
    figure = number(value)
    if figure is None:
        return None
    if figure < 0 or figure > 1e9:
        raise RowRefused(f"« {text(value)[:40]} » n’est pas un effectif")
    return round(figure)


def slug(value: str) -> str:
    """Return a name as a key: lower case, no accents, words joined by `-`."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def ewkb(geometry: Any) -> str:
    """Return a geometry as PostGIS takes it: hexadecimal EWKB in EPSG:4326."""
    written: str = shapely.to_wkb(
        shapely.set_srid(geometry, WGS84), hex=True, include_srid=True, output_dimension=2
    )
    return written


def on_earth(geometries: Geometries) -> NDArray[np.bool_]:
    """Return which geometries have all their coordinates within longitudes and latitudes."""
    west, south, east, north = shapely.bounds(geometries).T
    inside: NDArray[np.bool_] = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
    return inside


def repair_polygons(geometries: Geometries) -> tuple[Geometries, NDArray[np.bool_]]:
    """Return the outlines as valid MultiPolygons (None where no area is left), and which moved.

    A repair keeps polygons alone: the lines and points that it may leave are dropped.
    """
    flat = shapely.force_2d(geometries)
    broken: NDArray[np.bool_] = ~shapely.is_valid(flat) & ~shapely.is_missing(flat)
    flat[broken] = shapely.make_valid(flat[broken])
    outlines = np.empty(len(flat), dtype=object)
    for position, geometry in enumerate(flat):
        outlines[position] = _multipolygon(geometry)
    return outlines, broken


def _multipolygon(geometry: Any) -> shapely.MultiPolygon | None:
    if geometry is None:
        return None
    parts = [
        part
        for whole in shapely.get_parts(geometry)
        for part in shapely.get_parts(whole)
        if part.geom_type == "Polygon" and part.area > 0
    ]
    return shapely.MultiPolygon(parts) if parts else None


def square_metres(geometry: Any) -> float:
    """Return the area of a small figure in EPSG:4326, to a percent anywhere in France."""
    latitude = math.radians(shapely.get_y(shapely.centroid(geometry)))
    metres_per_degree = 111_320.0
    area: float = geometry.area * math.cos(latitude) * metres_per_degree**2
    return area
