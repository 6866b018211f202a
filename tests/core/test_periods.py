"""Dates as planners write them, amounts as they write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.money import UnreadableAmount, euros, read_amount, short, typed
from qpvmap.core.periods import Period, Precision, UnreadablePeriod, period_of, read_period

D, M, Q, Y = Precision.DAY, Precision.MONTH, Precision.QUARTER, Precision.YEAR


@pytest.mark.parametrize(
    ("written", "first", "precision", "last"),
    [
        ("2026", date(2026, 1, 1), Y, date(2026, 12, 31)),
        (2026.0, date(2026, 1, 1), Y, date(2026, 12, 31)),
        ("T2 2026", date(2026, 4, 1), Q, date(2026, 6, 30)),
        ("2e trimestre 2026", date(2026, 4, 1), Q, date(2026, 6, 30)),
        ("2026-T4", date(2026, 10, 1), Q, date(2026, 12, 31)),
        ("02/2028", date(2028, 2, 1), M, date(2028, 2, 29)),
        ("Février 2028", date(2028, 2, 1), M, date(2028, 2, 29)),
        ("sept. 2026", date(2026, 9, 1), M, date(2026, 9, 30)),
        ("31/12/2026", date(2026, 12, 31), D, date(2026, 12, 31)),
        ("1er août 2026", date(2026, 8, 1), D, date(2026, 8, 1)),
        (" 2026-12-31 ", date(2026, 12, 31), D, date(2026, 12, 31)),
        (datetime(2026, 12, 31, 8, tzinfo=UTC), date(2026, 12, 31), D, date(2026, 12, 31)),
    ],
)
def test_date_when_written_by_a_planner_then_its_precision_is_kept(
    written: object, first: date, precision: Precision, last: date
) -> None:
    period = read_period(written)
    assert period == Period(first, precision)
    assert period.last == last


@pytest.mark.parametrize("written", ["bientôt", "T5 2026", "31/02/2026", "13/2026", "26", "1889"])
def test_date_when_it_is_none_then_says_what_is_expected(written: str) -> None:
    with pytest.raises(UnreadablePeriod, match=r"2026|entre"):
        read_period(written)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.sampled_from(list(Precision)))
def test_period_when_typed_then_reads_back_as_itself(day: date, precision: Precision) -> None:
    month = {D: day.month, M: day.month, Q: (day.month - 1) // 3 * 3 + 1, Y: 1}[precision]
    period = period_of(day.year, precision, month, day.day if precision is D else 1)
    assert read_period(str(period)) == period
    assert read_period(period.words) == period


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1 234,50 €", "1234.50"),
        ("1\u202f234,50\u00a0€", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("120000", "120000"),
        ("850 k€", "850000"),
        ("1,2 M€", "1200000"),
        (1234.5, "1234.50"),
        (0.1 + 0.2, "0.30"),
        (99_999_999_999.99, "99999999999.99"),
        ("", None),
        (None, None),
    ],
)
def test_amount_when_written_by_a_planner_then_exact(written: object, amount: str | None) -> None:
    assert read_amount(written) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "written",
    ["à voir", "-5", "1e400", "12,345", 12.345, float("nan"), float("inf"), True, "1,2,3"],
)
def test_amount_when_it_is_none_then_refused(written: object) -> None:
    with pytest.raises(UnreadableAmount):
        read_amount(written)


@given(st.decimals(0, 99_999_999_999, places=2))
def test_amount_when_typed_or_kept_in_a_sheet_then_reads_back_to_the_cent(amount: Decimal) -> None:
    assert read_amount(typed(amount)) == amount
    assert read_amount(euros(amount)) == amount
    assert read_amount(float(amount)) == amount


def test_amounts_when_said_at_a_glance_then_short() -> None:
    assert short(Decimal(12_700_000)) == "12,7\u00a0M€"
    assert short(Decimal(850_400)) == "850\u00a0k€"
    assert short(Decimal("900.4")) == "900\u00a0€"
    assert euros(None) == "non précisé"


@pytest.mark.parametrize(
    ("written", "since", "until"),
    [
        ("2026", "de 2026", "à 2026"),
        ("T1 2026", "du 1er trimestre 2026", "au 1er trimestre 2026"),
        ("03/2026", "de mars 2026", "à mars 2026"),
        ("10/2026", "d’octobre 2026", "à octobre 2026"),
        ("31/12/2026", "du 31 décembre 2026", "au 31 décembre 2026"),
    ],
)
def test_date_when_it_begins_or_ends_then_said_as_french_does(
    written: str, since: str, until: str
) -> None:
    period = read_period(written)
    assert period is not None
    assert period.since.replace("\u00a0", " ") == since
    assert period.until.replace("\u00a0", " ") == until
