"""How the portrait of a quarter says its figures, and what they rest on."""

from qpvmap.core.doubts import figure_text
from qpvmap.core.estimates import Estimate
from qpvmap.core.french import NBSP, number, percent
from qpvmap.core.profiles import Reading
from qpvmap.outputs.classes import with_unit

__all__ = ["basis", "coverage", "figure", "figure_text", "points", "spread", "with_unit"]

UNKNOWN = "sans donnée"


def figure(value: float | None, unit: str) -> str:
    """Return a figure with its unit and one decimal, or that there is none."""
    return UNKNOWN if value is None else figure_text(value, unit)


def coverage(estimate: Estimate) -> str:
    """Return what an estimate rests on: `repose sur 85 % des habitants`; empty when on all."""
    if not estimate.is_partial:
        return ""
    return f"{percent(estimate.coverage)} des habitants"


def spread(estimate: Estimate, unit: str) -> str:
    """Return the lowest and the highest figure of the IRIS: `9,3 à 23,4 %`."""
    if estimate.low is None or estimate.high is None:
        return UNKNOWN
    if estimate.known == 1:
        return f"{figure_text(estimate.low.value, unit)} (un seul IRIS)"
    low = number(estimate.low.value, 1 if unit == "%" else 0)
    return f"{low} à {figure_text(estimate.high.value, unit)}"


def basis(reading: Reading) -> str:
    """Return which figures are weighted: the official ones, else those of the contract."""
    if reading.weighted_vintage is None:
        return "chiffres du contrat"
    return f"Insee {reading.weighted_vintage}"


def points(first: float | None, last: float | None) -> str:
    """Return a change in points: `+2,3 points`; empty when one of the two is unknown."""
    if first is None or last is None:
        return ""
    change = round(last - first, 1)
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{number(abs(change), 1)}{NBSP}point{'s' if abs(change) >= 2 else ''}"
