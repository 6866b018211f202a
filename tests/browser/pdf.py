"""What is on each page of a PDF file that Chromium printed: enough of the format for that."""

import re
import zlib
from collections.abc import Iterator, Mapping

OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.S)
SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>(?=[^>]*T[jJ])")
Objects = Mapping[int, bytes]
Letters = Mapping[int, str]


def page_texts(content: bytes) -> list[str]:
    """Return the text of each page, its blanks left out."""
    objects = {int(number): body for number, body in OBJECT.findall(content)}
    return [_text(objects, body) for body in objects.values() if re.search(rb"/Type /Page\b", body)]


def _text(objects: Objects, page: bytes) -> str:
    fonts = {
        name.decode(): _letters(objects, int(number))
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", _resources(objects, page))
    }
    contents = re.search(rb"/Contents (\d+) 0 R", page)
    drawn = _stream(objects[int(contents[1])]) if contents else b""
    return (
        "".join(_shown(drawn, fonts)).replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    )


def _resources(objects: Objects, page: bytes) -> bytes:
    apart = re.search(rb"/Resources (\d+) 0 R", page)
    return objects[int(apart[1])] if apart else page


def _shown(drawn: bytes, fonts: Mapping[str, Letters]) -> Iterator[str]:
    letters: Letters = {}
    for font, glyphs in SHOWN.findall(drawn):
        if font:
            letters = fonts.get(font.decode(), {})
            continue
        codes = [int(glyphs[at : at + 4], 16) for at in range(0, len(glyphs), 4)]
        yield "".join(letters.get(code, "") for code in codes)


def _letters(objects: Objects, font: int) -> Letters:
    """Return the letter of each glyph of a font, as its table for copying says."""
    table = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    told = _stream(objects[int(table[1])]).decode("ascii") if table else ""
    letters: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", told, re.S):
        for glyph, letter in re.findall(r"<(\w+)> <(\w+)>", block):
            letters[int(glyph, 16)] = _letter(letter)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", told, re.S):
        for first, last, letter in re.findall(r"<(\w+)> <(\w+)> <(\w+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + step] = chr(int(letter, 16) + step)
    return letters


def _letter(code: str) -> str:
    return bytes.fromhex(code).decode("utf-16-be")


def _stream(body: bytes) -> bytes:
    raw = body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    return zlib.decompress(raw) if b"/FlateDecode" in body else raw
