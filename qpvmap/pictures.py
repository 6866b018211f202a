"""Bytes of a stranger's photo in, clean WebP out: upright, shrunk, nothing but pixels left."""

import struct
import zlib
from io import BytesIO
from threading import BoundedSemaphore

import pi_heif
from PIL import Image, ImageDraw, ImageFile, ImageOps, UnidentifiedImageError

from qpvmap.core.errors import InvalidPhoto
from qpvmap.core.photos import (
    FULL_SIDE,
    THUMBNAIL_SIDE,
    TOO_LARGE,
    UNREADABLE,
    Areas,
    Kind,
    Picture,
    check_content,
    check_pixels,
)

pi_heif.register_heif_opener(thumbnails=False)

QUALITY = {"quality": 82, "method": 4}
AT_ONCE = BoundedSemaphore(2)
"""A 40-megapixel image takes some 300 MB while it is decoded: two of them at once, no more."""

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
BROKEN = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What decoders raise on a file that is truncated or made to harm."""


def prepare(content: bytes) -> Picture:
    """Return the photo in `content`, upright, in RGB, in both sizes; the first frame of several.

    Raises
    ------
    InvalidPhoto
        If it is no photo, too heavy, too large or broken.
    """
    kind = check_content(content)
    with AT_ONCE:
        return encoded(_decoded(content, kind))


def blackened(full: bytes, areas: Areas) -> Picture:
    """Return a kept photo with black over `areas`, re-encoded: nothing of them is left."""
    with AT_ONCE:
        image = _decoded(full, Kind.WEBP)
        _blacken(image, areas)
        return encoded(image)


def encoded(image: Image.Image) -> Picture:
    """Return both sizes of an RGB image that is no larger than the larger."""
    thumbnail = image.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Picture(_webp(image), _webp(thumbnail), *image.size)


def _decoded(content: bytes, kind: Kind) -> Image.Image:
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            check_pixels(*image.size)
            image.draft(None, (FULL_SIDE, FULL_SIDE))
            return _bare_pixels(image)
    except BOMBS:
        raise InvalidPhoto(TOO_LARGE) from None
    except BROKEN:
        raise InvalidPhoto(UNREADABLE) from None


def _bare_pixels(image: Image.Image) -> Image.Image:
    """Return a new RGB image of the pixels alone: no EXIF, no place, no comment, no profile."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint, once imported, has broken files pass
    image.load()
    shrunk = _eight_bits(image)
    shrunk.thumbnail((FULL_SIDE, FULL_SIDE))
    upright = _upright(shrunk, image)
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright if upright.mode == "RGBA" else None)
    return clean


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of 8 bits a channel; 16 bits of grey are brought down, not cut."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value * (1 / 256)).convert("RGB")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode == "RGBA" else image.convert("RGB")


def _upright(image: Image.Image, source: Image.Image) -> Image.Image:
    """Turn an image as its source says it was held; a broken EXIF says nothing."""
    try:
        turned = source.getexif().get(0x0112, 1)
    except BROKEN:
        return image
    tagged = Image.Exif()
    tagged[0x0112] = turned
    image.info = {"exif": tagged.tobytes()} if turned in range(2, 9) else {}
    return ImageOps.exif_transpose(image)


def _blacken(image: Image.Image, areas: Areas) -> None:
    """Draw black over `areas`, rounded outwards."""
    pen = ImageDraw.Draw(image)
    width, height = image.size
    for left, top, right, bottom in areas.rectangles:
        xs, ys = sorted((left * width, right * width)), sorted((top * height, bottom * height))
        pen.rectangle((int(xs[0]), int(ys[0]), int(xs[1]) + 1, int(ys[1]) + 1), fill="black")
    for stroke in areas.strokes:
        thick = max(2, round(stroke.thickness * max(width, height)))
        points = [(x * width, y * height) for x, y in stroke.points]
        pen.line(points, fill="black", width=thick, joint="curve")
        for x, y in points:
            half = thick / 2
            pen.ellipse((x - half, y - half, x + half, y + half), fill="black")


def _webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", **QUALITY)
    return out.getvalue()
