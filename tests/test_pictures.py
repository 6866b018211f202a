"""Strangers' files: what is kept is pixels, upright and small; what would harm is refused."""

import struct
import tracemalloc
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from qpvmap.core.errors import InvalidPhoto
from qpvmap.core.photos import (
    EMPTY,
    MAX_BYTES,
    TOO_HEAVY,
    TOO_LARGE,
    UNREADABLE,
    Areas,
    check_pixels,
)
from qpvmap.pictures import blackened, prepare
from tests.pictures import HEIC, exif, is_red, opened, photo, png_header, saved, two_halves

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<html><script>alert(document.domain)</script></html>"


def sixteen_bits() -> bytes:
    row = struct.pack("<H", 40_000) * 32 + struct.pack("<H", 10_000) * 32
    return saved(Image.frombytes("I;16", (64, 64), row * 64), "PNG")


READABLE: dict[str, bytes] = {
    "jpeg": photo(),
    "png": saved(two_halves(), "PNG"),
    "webp": saved(two_halves(), "WEBP", lossless=True),
    "heic": HEIC,
    "cmyk": saved(two_halves(mode="CMYK")),
    "palette": saved(two_halves(mode="P"), "PNG"),
    "interlaced-less-alpha": saved(two_halves(mode="RGBA"), "PNG"),
    "progressive": saved(two_halves(), progressive=True),
    "animated-webp": saved(
        two_halves(), "WEBP", save_all=True, append_images=[Image.new("RGB", (96, 64), "green")]
    ),
    "animated-png": saved(
        two_halves(), "PNG", save_all=True, append_images=[Image.new("RGB", (96, 64), "green")]
    ),
}


@pytest.mark.parametrize("name", READABLE)
def test_photo_when_readable_then_is_kept_as_webp_of_the_same_pixels(name: str) -> None:
    picture = prepare(READABLE[name])
    kept = opened(picture.full)
    assert (kept.format, kept.mode, kept.size) == ("WEBP", "RGB", (96, 64))
    assert (picture.width, picture.height) == kept.size
    assert getattr(kept, "n_frames", 1) == 1
    assert is_red(kept.getpixel((20, 32)))
    assert not is_red(kept.getpixel((76, 32)))


def test_grey_of_sixteen_bits_when_kept_then_is_brought_down_not_cut() -> None:
    kept = opened(prepare(sixteen_bits()).full).convert("L")
    assert kept.getpixel((10, 30)) == pytest.approx(156, abs=4)
    assert kept.getpixel((50, 30)) == pytest.approx(39, abs=4)


def test_transparency_when_kept_then_is_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert opened(prepare(saved(clear, "PNG")).full).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(3000, 1500), (1500, 3000), (2049, 10), (10, 9000)])
def test_large_photo_when_kept_then_has_two_sizes(size: tuple[int, int]) -> None:
    picture = prepare(photo(*size))
    assert max(opened(picture.full).size) == 2048
    assert max(opened(picture.thumbnail).size) == 480


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_when_held_otherwise_then_is_kept_upright(orientation: int, kind: str) -> None:
    upright = two_halves()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = upright.transpose(undo[orientation]) if orientation > 1 else upright
    kept = opened(prepare(saved(held, kind, exif=exif(orientation))).full)
    assert kept.size == (96, 64)
    assert is_red(kept.getpixel((20, 32)))
    assert not is_red(kept.getpixel((76, 32)))


def carried(kind: str) -> bytes:
    """Return a photo that says everything of its author, in each way the format has."""
    options: dict[str, Any] = {"exif": exif(), "icc_profile": b"profil-du-telephone" * 20}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "chez-moi")
    elif kind == "WEBP":
        options["xmp"] = b"<x:xmpmeta>chez-moi</x:xmpmeta>"
    else:
        options |= {"comment": b"chez-moi", "xmp": b"<x:xmpmeta>chez-moi</x:xmpmeta>"}
    return saved(two_halves(), kind, **options)


@pytest.mark.parametrize("content", [*map(carried, ("JPEG", "PNG", "WEBP")), HEIC])
def test_photo_when_kept_then_says_nothing_of_place_or_telephone(content: bytes) -> None:
    assert b"Exif" in content or b"eXIf" in content or b"EXIF" in content
    picture = prepare(content)
    for kept in (picture.full, picture.thumbnail):
        image = opened(kept)
        assert not dict(image.getexif())
        assert set(image.info) <= {"loop", "background", "timestamp", "duration"}
        for trace in (b"EXIF", b"Exif", b"XMP", b"ICCP", b"chez-moi", b"telephone", b"GPS"):
            assert trace not in kept


def test_polyglot_when_kept_then_carries_no_page() -> None:
    content = photo() + HTML
    commented = saved(two_halves(), comment=HTML)
    for hostile in (content, commented):
        assert b"<script>" in hostile
        assert b"<script>" not in prepare(hostile).full


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", EMPTY),
    "bomb": (png_header(60_000, 60_000), TOO_LARGE),
    "12000-x-12000": (png_header(12_000, 12_000), TOO_LARGE),
    "one-pixel-too-many": (png_header(40_000_001, 1), TOO_LARGE),
    "truncated-jpeg": (photo(400, 400)[:1500], UNREADABLE),
    "truncated-png": (saved(two_halves(), "PNG")[:-40], UNREADABLE),
    "truncated-heic": (HEIC[:-60], UNREADABLE),
    "announced-only": (png_header(300, 300), UNREADABLE),
    "html-as-jpeg": (HTML, UNREADABLE),
    "html-after-jpeg-magic": (b"\xff\xd8\xff" + HTML, UNREADABLE),
    "svg": (SVG, UNREADABLE),
    "gif": (saved(two_halves(), "GIF"), UNREADABLE),
    "tiff": (saved(two_halves(), "TIFF"), UNREADABLE),
    "pdf": (saved(two_halves(), "PDF"), UNREADABLE),
    "zip": (b"PK\x03\x04" + bytes(100), UNREADABLE),
    "one-byte": (b"\xff", UNREADABLE),
    "heavy": (photo() + bytes(MAX_BYTES), TOO_HEAVY),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_file_when_hostile_then_is_refused_in_a_sentence(name: str) -> None:
    content, sentence = HOSTILE[name]
    with pytest.raises(InvalidPhoto) as refused:
        prepare(content)
    assert str(refused.value) == sentence


def test_bomb_when_refused_then_was_never_unpacked() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidPhoto):
            prepare(png_header(50_000, 50_000))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_pixels_when_at_the_limit_then_pass() -> None:
    check_pixels(8000, 5000)
    with pytest.raises(InvalidPhoto):
        check_pixels(8000, 5001)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says that an EXIF is broken
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_bytes_when_flipped_anywhere_then_are_read_or_refused(kind: str) -> None:
    good = bytearray(saved(two_halves(), kind, exif=exif(6)))
    for place in range(0, len(good), max(1, len(good) // 150)):
        harmed = bytearray(good)
        harmed[place] ^= 0xFF
        try:
            assert prepare(bytes(harmed)).full
        except InvalidPhoto:
            continue


def test_area_when_blackened_then_nothing_is_left_of_it_in_either_size() -> None:
    full = prepare(photo(1200, 800)).full
    areas = Areas.parse('{"rectangles": [[0.1, 0.1, 0.4, 0.4]]}')
    picture = blackened(full, areas)
    for content in (picture.full, picture.thumbnail):
        image = opened(content)
        width, height = image.size
        box = image.crop(
            (int(width * 0.13), int(height * 0.13), int(width * 0.37), int(height * 0.37))
        )
        assert max(high for _, high in box.getextrema()) < 12
        assert is_red(image.getpixel((int(width * 0.25), int(height * 0.8))))
    assert not dict(opened(picture.full).getexif())


def test_stroke_when_drawn_then_is_black_all_along() -> None:
    full = prepare(photo(1000, 500)).full
    text = '{"strokes": [{"thickness": 0.06, "points": [[0.2, 0.5], [0.8, 0.5]]}]}'
    image = opened(blackened(full, Areas.parse(text)).full)
    assert all(max(image.getpixel((x, 250))) < 12 for x in range(190, 810, 20))
    assert is_red(image.getpixel((100, 250)))


def test_dot_when_touched_once_then_is_black() -> None:
    full = prepare(photo(1000, 500)).full
    text = '{"strokes": [{"thickness": 0.06, "points": [[0.2, 0.5]]}]}'
    assert max(opened(blackened(full, Areas.parse(text)).full).getpixel((200, 250))) < 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"rectangles": []}',
        '{"rectangles": [[0, 0, 2, 1]]}',
        '{"rectangles": [[0, 0, NaN, 1]]}',
        '{"rectangles": [[0, 0, 1]]}',
        '{"strokes": [{"thickness": 0, "points": [[0, 0]]}]}',
        '{"strokes": [{"thickness": 0.1, "points": []}]}',
        '{"rectangles": [[0, 0, 1, 1]], "other": 1}',
    ],
)
def test_areas_when_wrong_or_empty_then_are_refused(text: str) -> None:
    with pytest.raises(InvalidPhoto):
        Areas.parse(text)
