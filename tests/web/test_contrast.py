"""Colours that are read together are far enough apart (WCAG 2.2 AA), in light and in dark."""

import re
from functools import cache

import pytest

from qpvmap.settings import CHECKOUT

TOKENS = CHECKOUT / "qpvmap" / "frontend" / "styles" / "tokens.css"
DARK = "@media screen and (prefers-color-scheme: dark)"
TEXT, EDGE = 4.5, 3.0

STATUSES = (
    "new",
    "arbitrate",
    "ack",
    "scheduled",
    "progress",
    "waiting",
    "resolved",
    "closed",
    "reopened",
)
THEMES = ("school", "family", "sport", "culture", "social", "shop", "transport")

PAIRS = [
    *[(ink, ground, TEXT) for ink in ("text", "text-2") for ground in ("bg", "surface")],
    *[(ink, "surface-2", TEXT) for ink in ("text", "text-2")],
    *[(ink, ground, TEXT) for ink in ("brand", "link") for ground in ("bg", "surface")],
    ("brand", "brand-soft", TEXT),
    ("text", "brand-soft", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-strong", TEXT),
    ("surface", "bad", TEXT),
    ("surface", "text", TEXT),
    *[(mood, f"{mood}-soft", TEXT) for mood in ("ok", "warn", "bad", "info")],
    *[(mood, ground, TEXT) for mood in ("ok", "warn", "bad") for ground in ("bg", "surface")],
    *[("text", f"{mood}-soft", TEXT) for mood in ("ok", "warn", "bad", "info")],
    *[(f"st-{status}", f"st-{status}-soft", TEXT) for status in STATUSES],
    *[("surface", f"st-{status}", TEXT) for status in STATUSES],
    *[(f"th-{theme}", "surface", TEXT) for theme in THEMES],
    *[("line-strong", ground, EDGE) for ground in ("bg", "surface")],
    *[("focus", ground, EDGE) for ground in ("bg", "surface", "surface-2", "brand-soft")],
    *[
        ("map-qpv", ground, EDGE)
        for ground in ("map-land", "map-land-2", "map-land-3", "map-land-4")
    ],
    *[("map-commune", f"map-land{n}", EDGE) for n in ("", "-2", "-3", "-4")],
    *[("map-label", f"map-land{n}", TEXT) for n in ("", "-2", "-3", "-4")],
    ("map-qpv-2015", "map-land", EDGE),
    ("map-me", "map-land", EDGE),
    ("map-emprise", "map-land", EDGE),
    ("ch-hatch", "ch-none", EDGE),
]


@cache
def tokens(scheme: str) -> dict[str, str]:
    light, _, dark = TOKENS.read_text(encoding="utf-8").partition(DARK)
    colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})\b", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})\b", dark.split("@media")[0]))
    return colours


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast_when_read_together_then_enough(
    scheme: str, ink: str, ground: str, least: float
) -> None:
    colours = tokens(scheme)
    measured = contrast(colours[ink], colours[ground])
    assert measured >= least, f"{ink} on {ground}, {scheme}: {measured:.1f}, {least} needed"


def test_contrast_when_black_on_white_then_21() -> None:
    assert round(contrast("#000", "#ffffff"), 1) == 21.0
