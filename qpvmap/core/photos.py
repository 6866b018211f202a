"""What a photo may be: moments, limits, the kinds that its bytes may show, what is blackened."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qpvmap.core.errors import InvalidPhoto

MAX_PER_MOMENT = 6
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
FULL_SIDE = 2048
"""Longest side of what is kept, pixels."""
THUMBNAIL_SIDE = 480

EMPTY = "Ce fichier est vide. Prenez la photo de nouveau."
UNREADABLE = (
    "Ce fichier n’est pas une photo lisible. Prenez-en une autre "
    "(JPEG, PNG, WebP ou HEIC, 20 Mo au plus)."
)
TOO_HEAVY = "Photo trop lourde : 20 Mo au plus. Réduisez-la, puis renvoyez-la."
TOO_LARGE = "Photo trop grande : 40 millions de pixels au plus. Réduisez-la, puis renvoyez-la."
TOO_MANY = f"Il y a déjà {MAX_PER_MOMENT} photos. Retirez-en une pour en ajouter une autre."
NOTHING_TO_BLACKEN = "Rien n’a été noirci. Passez le pinceau sur ce qu’il faut cacher."


class Moment(StrEnum):
    """What a photo shows: the defect, the work, the result."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


MOMENT_LABELS: Mapping[Moment, str] = {
    Moment.BEFORE: "Avant",
    Moment.DURING: "Pendant",
    Moment.AFTER: "Après",
}


class Size(StrEnum):
    """The two renderings of a photo that are kept."""

    FULL = "full"
    THUMBNAIL = "thumb"


class Kind(StrEnum):
    """Formats that are read."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIC = "HEIF"


HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
)


def kind_of(content: bytes) -> Kind | None:
    """Return the format that the first bytes show, whatever the file is called."""
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return Kind.HEIC
    return None


def check_content(content: bytes) -> Kind:
    """Return the format of a file that is worth decoding.

    Raises
    ------
    InvalidPhoto
        If it is empty, too heavy, or of no format that is read.
    """
    if not content:
        raise InvalidPhoto(EMPTY)
    if len(content) > MAX_BYTES:
        raise InvalidPhoto(TOO_HEAVY)
    kind = kind_of(content)
    if kind is None:
        raise InvalidPhoto(UNREADABLE)
    return kind


def check_pixels(width: int, height: int) -> None:
    """Refuse an image that would fill the memory; called before it is decoded.

    Raises
    ------
    InvalidPhoto
        If it has too many pixels.
    """
    if width * height > MAX_PIXELS:
        raise InvalidPhoto(TOO_LARGE)


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo re-encoded in its two sizes, and the size in pixels of the larger."""

    full: bytes
    thumbnail: bytes
    width: int
    height: int


Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Place = tuple[Part, Part]


class Areas(BaseModel):
    """What to blacken, in parts of the width and of the height, from the top left corner.

    A rectangle is (left, top, right, bottom); a stroke is a line as wide as `thickness` (a part
    of the longest side) through `points`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    class Stroke(BaseModel):
        """One gesture of the brush."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        thickness: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]
        points: Annotated[tuple[Place, ...], Field(min_length=1, max_length=5000)]

    rectangles: Annotated[tuple[tuple[Part, Part, Part, Part], ...], Field(max_length=200)] = ()
    strokes: Annotated[tuple[Stroke, ...], Field(max_length=200)] = ()

    @classmethod
    def parse(cls, text: str) -> "Areas":
        """Return the areas that a page sent as JSON.

        Raises
        ------
        InvalidPhoto
            If they cannot be read, or there is none.
        """
        try:
            areas = cls.model_validate_json(text)
        except ValidationError:
            raise InvalidPhoto(NOTHING_TO_BLACKEN) from None
        if not areas.rectangles and not areas.strokes:
            raise InvalidPhoto(NOTHING_TO_BLACKEN)
        return areas
