"""Days on which nobody is expected to work."""

from datetime import date
from functools import cache

YEARS_AHEAD = 2


@cache
def days_off(year: int) -> frozenset[date]:
    """Return the public holidays of mainland France from `year` to two years later.

    The library is imported when it is first needed: it loads every country, a third of a second.
    """
    from holidays.countries.france import France

    return frozenset(France(years=range(year, year + YEARS_AHEAD + 1)))
