"""Photos made on the spot, harmless and hostile."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

HEIC = (Path(__file__).parent / "files" / "with-place.heic").read_bytes()
"""96 x 64 pixels, left half red, right half blue, with an EXIF place: made by us, with libheif."""
ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def two_halves(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Return an image whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 30, 200), (width // 2, 0, width, height))
    return image.convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Return the bytes of a file."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 96, height: int = 64) -> bytes:
    """Return an ordinary JPEG photo."""
    return saved(two_halves(width, height))


def exif(orientation: int = 1) -> Image.Exif:
    """Return what a telephone writes: how it was held, its make, where it was."""
    tags = Image.Exif()
    tags[ORIENTATION], tags[MAKE] = orientation, "Marque-du-telephone"
    tags.get_ifd(GPS).update({1: "N", 2: (48.0, 47.0, 3.0), 3: "E", 4: (2.0, 18.0, 11.0)})
    return tags


def png_header(width: int, height: int) -> bytes:
    """Return a tiny PNG that announces any size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def opened(content: bytes) -> Image.Image:
    """Return the image of a kept file, read whole."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def is_red(pixel: Any) -> bool:
    """Return whether a pixel of a kept file is of the red half."""
    return bool(pixel[0] > 150 and pixel[2] < 90)
