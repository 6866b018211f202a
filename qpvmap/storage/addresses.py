"""Addresses of the Base adresse nationale that were imported, to find places without a network."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.subscriptions import folded
from qpvmap.storage.imports import Target
from qpvmap.storage.models import BanAddress

BAN = Target(
    BanAddress,
    "addresses",
    ("key",),
    ("insee_code", "label", "words", "location"),
    edition=(),
    sourced=False,
)
NEAREST = text("""
    select label, similarity(words, :words) as score, st_x(location), st_y(location)
    from ban_address
    where words % :words and (:insee_code = '' or insee_code = :insee_code)
    order by (substring(words from '^[0-9]+') is not distinct from substring(:words from '^[0-9]+'))
             desc,
             similarity(words, :words) desc, key
    limit 1
""")


def nearest_address(
    session: Session, address: str, insee_code: str = ""
) -> tuple[str, float, LonLat] | None:
    """Return the address that is most like some words, how much (0 to 1), and its point."""
    words = folded(address)
    row = session.execute(NEAREST, {"words": words, "insee_code": insee_code}).one_or_none()
    return (row[0], float(row[1]), LonLat(row[2], row[3])) if row else None


def knows_addresses(session: Session) -> bool:
    """Return whether any were imported."""
    return bool(session.scalar(text("select exists (select from ban_address)")))
