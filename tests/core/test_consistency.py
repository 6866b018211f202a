"""The check of a signed table: finds interchanged columns by itself, and cries at no noise."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from qpvmap.core.consistency import Compared, Findings, Rule, examine

RULES = [Rule(f"i{n}", 5.0, 1.0) for n in range(5)]
SIX = [f"c{n}" for n in range(6)]

Table = dict[str, dict[str, float]]


def compare(signed: Table, official: Table, codes: list[str], years: int = 1) -> Findings:
    table = [Compared(rule, signed[rule.key], official[rule.key], years) for rule in RULES]
    return examine(table, {"92007": codes})


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, Table, list[str]]:
    """Draw an official table, and the same with noise that two editions explain."""
    codes = SIX[: draw(st.integers(2, 6))]
    official = {r.key: {c: draw(st.floats(0, 100)) for c in codes} for r in RULES}
    noise = st.floats(-6.0, 6.0)
    signed = {key: {c: v + draw(noise) for c, v in row.items()} for key, row in official.items()}
    return official, signed, codes


@given(tables())
def test_noise_within_tolerance_is_never_an_alarm(case: tuple[Table, Table, list[str]]) -> None:
    official, signed, codes = case
    found = compare(signed, official, codes)
    assert not found.interchanges
    assert not found.gaps


@given(tables(), st.data())
def test_any_swapped_pair_is_found(
    case: tuple[Table, Table, list[str]], data: st.DataObject
) -> None:
    official, signed, codes = case
    one, other = data.draw(st.permutations(codes))[:2]
    apart = sum(abs(row[one] - row[other]) > 12.01 for row in official.values())
    assume(apart >= 2)
    for row in signed.values():
        row[one], row[other] = row[other], row[one]
    found = compare(signed, official, codes)
    assert [dict(i.fits) for i in found.interchanges] == [
        {code: {one: other, other: one}[code] for code in codes if code in (one, other)}
    ]
    assert not found.gaps


def test_two_pairs_swapped_in_one_commune_are_two_findings() -> None:
    official = {r.key: {c: 20.0 * n for n, c in enumerate(SIX[:4])} for r in RULES}
    order = dict(zip(SIX[:4], (SIX[1], SIX[0], SIX[3], SIX[2]), strict=True))
    signed = {k: {c: row[order[c]] for c in row} for k, row in official.items()}
    found = compare(signed, official, SIX[:4])
    assert [list(i.codes) for i in found.interchanges] == [SIX[:2], SIX[2:4]]


def test_columns_shifted_by_one_are_one_finding() -> None:
    codes = SIX[:3]
    official = {r.key: {c: 30.0 * n for n, c in enumerate(codes)} for r in RULES}
    turn = dict([*pairwise(codes), (codes[-1], codes[0])])
    signed = {k: {c: row[turn[c]] for c in codes} for k, row in official.items()}
    (found,) = compare(signed, official, codes).interchanges
    assert dict(found.fits) == turn


def test_one_wrong_figure_is_a_gap_and_no_interchange() -> None:
    official = {r.key: {"a": 10.0, "b": 80.0} for r in RULES}
    signed = {k: dict(row) for k, row in official.items()}
    signed["i2"]["a"] = 60.0
    found = compare(signed, official, ["a", "b"])
    assert not found.interchanges
    assert [(g.key, g.code, g.signed, g.official) for g in found.gaps] == [("i2", "a", 60.0, 10.0)]


def test_withheld_figures_are_no_evidence() -> None:
    hidden: dict[str, dict[str, float | None]] = {r.key: {"a": None, "b": 10.0} for r in RULES}
    shown = {r.key: {"a": 90.0, "b": None} for r in RULES}
    table = [Compared(r, hidden[r.key], shown[r.key], 1) for r in RULES]
    assert examine(table, {"92007": ["a", "b"]}) == Findings([], [])


def test_years_apart_widen_what_is_allowed() -> None:
    official = {r.key: {"a": 10.0, "b": 20.0} for r in RULES}
    signed = {k: {c: v + 9.0 for c, v in row.items()} for k, row in official.items()}
    assert compare(signed, official, ["a", "b"], years=1).gaps
    assert not compare(signed, official, ["a", "b"], years=4).gaps


def test_many_columns_of_one_commune_take_no_time() -> None:
    codes = [f"k{n:02}" for n in range(40)]
    official = {r.key: {c: 2.5 * n for n, c in enumerate(codes)} for r in RULES}
    signed = {
        k: dict(zip(codes, list(row.values())[::-1], strict=True)) for k, row in official.items()
    }
    assert compare(signed, official, codes).gaps
