"""Amounts in euros: exact decimals, read from what people write, said as they read them."""

import re
from decimal import Decimal, InvalidOperation

from qpvmap.core.french import NARROW, NBSP, number

CENT = Decimal("0.01")
MOST = Decimal("99999999999.99")
UNREADABLE = "Montant illisible : écrivez par exemple 1 234,50 ou 120000."
NEGATIVE = "Un montant ne peut pas être négatif."
TOO_LARGE = "Montant trop grand."
TOO_FINE = "Un montant s’arrête au centime."
BLANKS = re.compile(r"[\s\u00a0\u202f\u2009]+")
WRITTEN = re.compile(r"-?\d+(?:[.,]\d+)?")
GROUPED = re.compile(r"-?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|-?\d{1,3}(?:\.\d{3})+,\d+")
SCALES = {"m€": 10**6, "k€": 10**3, "€": 1, "euros": 1, "euro": 1, "eur": 1}


class UnreadableAmount(ValueError):
    """What was written is no amount, with a French sentence."""


def read_amount(value: object) -> Decimal | None:
    """Return the amount that a cell or a field holds, in euros; None for an empty one.

    A sheet keeps numbers in binary: what differs from a round number of cents by less than a
    millionth is that number.

    Raises
    ------
    UnreadableAmount
        If it is no amount, is negative, or has fractions of a cent.
    """
    if isinstance(value, bool):
        raise UnreadableAmount(UNREADABLE)
    if isinstance(value, int | float):
        value = repr(value)
        return _checked(_decimal(value), near=True)
    if value is None or not (text := BLANKS.sub("", str(value)).lower()):
        return None
    scale = next((s for s in SCALES if text.endswith(s)), "")
    text = text.removesuffix(scale)
    if GROUPED.fullmatch(text):
        text = text.replace(".", "")
    if not WRITTEN.fullmatch(text):
        raise UnreadableAmount(UNREADABLE)
    return _checked(_decimal(text.replace(",", ".")) * SCALES.get(scale, 1))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnreadableAmount(UNREADABLE) from None


def _checked(amount: Decimal, near: bool = False) -> Decimal:
    if not amount.is_finite():
        raise UnreadableAmount(UNREADABLE)
    if amount < 0:
        raise UnreadableAmount(NEGATIVE)
    if amount > MOST:
        raise UnreadableAmount(TOO_LARGE)
    rounded = amount.quantize(CENT)
    if rounded != amount and not (near and abs(rounded - amount) < Decimal("0.000001")):
        raise UnreadableAmount(TOO_FINE)
    return rounded


def typed(amount: Decimal | None) -> str:
    """Return an amount as one would type it: `1234,50`, `120000`; nothing for None."""
    if amount is None:
        return ""
    text = f"{amount:.2f}".replace(".", ",")
    return text.removesuffix(",00")


def euros(amount: Decimal | int | None) -> str:
    """Return `1 234,50 €`, without cents when there are none; `non précisé` for None."""
    if amount is None:
        return "non précisé"
    exact = Decimal(amount)
    whole = exact == exact.to_integral_value()
    text = f"{exact:,.0f}" if whole else f"{exact:,.2f}"
    return f"{text.replace(',', NARROW).replace('.', ',')}{NBSP}€"


def short(amount: Decimal | int) -> str:
    """Return an amount at a glance: `12,7 M€`, `850 k€`, `900 €`."""
    value = float(amount)
    if value >= 1e6:
        return f"{number(value / 1e6, 1).removesuffix(',0')}{NBSP}M€"
    if value >= 10_000:
        return f"{number(value / 1e3)}{NBSP}k€"
    return euros(Decimal(amount).quantize(Decimal(1)))
