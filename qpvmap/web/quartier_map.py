"""The IRIS around a quarter in tints, drawn by the server: it prints, and needs no script."""

from typing import Any

from qpvmap.core.estimates import Figures
from qpvmap.core.french import number
from qpvmap.outputs.classes import classify
from qpvmap.storage.quarters import quarter_shapes
from qpvmap.web.map_data import WITHHELD, WITHHELD_WORDS
from qpvmap.web.quartier_words import figure_text
from qpvmap.web.sessions import request_session


def short(value: float | None) -> str:
    """Return a figure as the map bears it: whole, without its unit; `s.s.` when withheld."""
    return "s.s." if value is None else number(value, 0)


def drawing_of(code: str, vintage: int, key: str, figures: Figures, unit: str) -> dict[str, Any]:
    """Return the map of figures by IRIS, the outline of the quarter on top."""
    shapes = quarter_shapes(request_session(), code, vintage)
    drawn = {shape["code"] for shape in shapes}
    known = {c: v for c, v in figures.items() if v is not None and c in drawn}
    hidden = {c for c, v in figures.items() if v is None and c in drawn}
    classes = classify(key, list(known.values()))
    legend = [(str(tint), words) for tint, words in classes.legend(unit)] if known else []
    if hidden:
        legend.append((WITHHELD, WITHHELD_WORDS))
    return {
        "shapes": shapes,
        "tints": {c: str(classes.of(v)) for c, v in known.items()},
        "hidden": hidden,
        "legend": legend,
        "labels": {c: figure_text(figures[c], unit) for c in figures if c in drawn},
        "marks": {c: short(figures[c]) for c in figures if c in drawn},
        "unit": unit if known else "",
    }
