"""The mark of a territory: its main quarter's silhouette on the brand's ground."""

import re

from markupsafe import Markup

PATH = re.compile(r"[MLZ\d\s.,-]*", re.IGNORECASE)
PIN = "M16 26c5-5.6 7.5-9.2 7.5-12.7a7.5 7.5 0 0 0-15 0C8.5 16.8 11 20.4 16 26z"
"""Drawn when no perimeter is known yet."""

MARK = Markup(
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">'
    '<rect width="32" height="32" rx="7" fill="currentColor"></rect>'
    '<path class="mark-shape" d="{}"></path></svg>'
)


def mark(outline: str) -> Markup:
    """Return the mark as inline SVG; `outline` is a path in a 32 x 32 square, as PostGIS writes it.

    Raises
    ------
    ValueError
        If the outline is not made of plain path commands and numbers.
    """
    if not PATH.fullmatch(outline):
        raise ValueError("not a path of straight lines")
    return MARK.format(outline or PIN)
