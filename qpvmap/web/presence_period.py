"""The time and the quarter that an address asks for: `?du=2026-11-01&au=2026-11-30&quartier=`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request

from qpvmap.core.deadlines import PARIS
from qpvmap.core.french import local_date
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now

FIRST = date(2015, 1, 1)
"""The contracts of the politique de la ville that quarters still have began then."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included, and a quarter; empty for all."""

    since: date
    until: date
    qpv_code: str

    @property
    def query(self) -> dict[str, Any]:
        """How an address says it."""
        said = {"du": self.since.isoformat(), "au": self.until.isoformat()}
        return said | ({"quartier": self.qpv_code} if self.qpv_code else {})


def read_period(*, months: int) -> Period:
    """Return what the address asks for; what it does not say, or says badly, is the usual.

    Parameters
    ----------
    months : int
        How many months before this one the usual period begins.
    """
    today = local_date(request_now())
    since = _day("du") or months_before(today, months)
    until = _day("au") or today
    wanted = request.args.get("quartier", "")
    code = wanted if wanted in served_territory().qpv_codes else ""
    return Period(min(since, until), max(since, until), code)


def months_before(day: date, months: int) -> date:
    """Return the first day of the month that lies `months` before that of `day`."""
    counted = day.year * 12 + day.month - 1 - months
    return date(counted // 12, counted % 12 + 1, 1)


def start_of_day(day: date) -> datetime:
    """Return the first instant of a local day."""
    return datetime.combine(day, time(0), PARIS)


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    latest = local_date(request_now()) + timedelta(days=366)
    return min(max(day, FIRST), latest)
