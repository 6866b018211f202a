"""Two changes of one operation: what is sure is kept from both, the rest is asked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from qpvmap.core.geo import LonLat
from qpvmap.core.operation_merge import draft_of, merged, told_draft
from qpvmap.core.operations import Draft, FundingLine, Step
from qpvmap.core.periods import Period, Precision
from tests.operations import REBUILT

ELSEWHERE = LonLat(2.31, 48.79)
ANRU, REGION, *_ = REBUILT.lines


def year(number: int) -> Period:
    return Period(date(number, 1, 1), Precision.YEAR)


@pytest.mark.parametrize("draft", [REBUILT, Draft()])
def test_operation_when_told_as_json_then_read_again_as_it_was(draft: Draft) -> None:
    assert draft_of(told_draft(draft)) == draft


@pytest.mark.parametrize("told", [None, {}, {"cost": "beaucoup"}, {"place": {"lon": 900}}])
def test_json_when_it_tells_no_operation_then_none(told: object) -> None:
    assert draft_of(told) is None


def test_changes_when_of_different_fields_then_both_kept() -> None:
    mine, theirs = replace(REBUILT, title="A"), replace(REBUILT, cost=None, note="n")
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ()
    assert found.draft == replace(REBUILT, title="A", cost=None, note="n")


def test_changes_when_the_same_then_nothing_is_asked() -> None:
    both = replace(REBUILT, title="A")
    assert merged(REBUILT, both, both).clashes == ()


def test_field_when_both_changed_it_then_theirs_until_mine_is_chosen() -> None:
    mine, theirs = replace(REBUILT, title="A", owner="x"), replace(REBUILT, title="B")
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ("title",)
    assert (found.draft.title, found.draft.owner) == ("B", "x")
    assert found.settled(["title"]) == replace(REBUILT, title="A", owner="x")
    assert found.settled(["cost"]) == found.draft


def test_place_when_both_moved_it_then_it_and_its_quality_are_one_choice() -> None:
    mine = replace(REBUILT, place=None, position_quality="unknown")
    theirs = replace(REBUILT, place=ELSEWHERE, position_quality="exact")
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ("place",) and found.draft.place == ELSEWHERE
    chosen = found.settled(["place"])
    assert (chosen.place, chosen.position_quality) == (None, "unknown")


def test_place_when_only_its_quality_was_changed_by_the_other_then_asked_together() -> None:
    mine = replace(REBUILT, place=None, position_quality="unknown")
    theirs = replace(REBUILT, position_quality="exact")
    assert merged(REBUILT, mine, theirs).clashes == ("place",)


def test_money_when_both_changed_other_lines_then_all_lines_kept() -> None:
    paid = replace(ANRU, paid=Decimal(450000))
    added = FundingLine("CAF", 2027, agreed=Decimal(1))
    mine = replace(REBUILT, lines=(paid, *REBUILT.lines[1:]))
    theirs = replace(REBUILT, lines=(ANRU, *REBUILT.lines[2:], added))
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ()
    assert found.draft.lines == (paid, *REBUILT.lines[2:], added)


def test_money_when_one_removed_a_line_that_the_other_changed_then_that_line_is_asked() -> None:
    paid = replace(ANRU, paid=Decimal(1))
    mine = replace(REBUILT, lines=(paid, *REBUILT.lines[1:]))
    theirs = replace(REBUILT, lines=REBUILT.lines[1:])
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ("lines.0",) and found.draft.lines == theirs.lines
    clash = found.rows["lines.0"]
    assert (clash.was, clash.mine, clash.theirs) == (ANRU, paid, None)
    assert clash.label == "Financement ANRU 2025"
    assert found.settled(["lines.0"]).lines == (*theirs.lines, paid)
    turned = merged(REBUILT, theirs, mine)
    assert turned.draft.lines == mine.lines
    assert turned.settled(["lines.0"]).lines == theirs.lines


def test_money_when_both_changed_cells_of_one_line_then_only_the_same_cell_is_asked() -> None:
    mine = replace(REBUILT, lines=(replace(ANRU, paid=Decimal(1), note="a"), *REBUILT.lines[1:]))
    other = replace(ANRU, agreed=Decimal(2), note="b")
    theirs = replace(REBUILT, lines=(other, replace(REGION, paid=Decimal(3)), *REBUILT.lines[2:]))
    found = merged(REBUILT, mine, theirs)
    both = replace(ANRU, paid=Decimal(1), agreed=Decimal(2))
    assert found.clashes == ("lines.0",)
    assert found.draft.lines == (replace(both, note="b"), *theirs.lines[1:])
    assert found.settled(["lines.0"]).lines == (replace(both, note="a"), *theirs.lines[1:])


def test_money_when_each_changed_another_cell_of_one_line_then_nothing_is_asked() -> None:
    mine = replace(REBUILT, lines=(replace(ANRU, paid=Decimal(1)), *REBUILT.lines[1:]))
    theirs = replace(REBUILT, lines=(replace(ANRU, agreed=Decimal(2)), *REBUILT.lines[1:]))
    found = merged(REBUILT, mine, theirs)
    assert found.clashes == ()
    assert found.draft.lines[0] == replace(ANRU, paid=Decimal(1), agreed=Decimal(2))


def test_money_when_two_lines_clash_then_each_is_a_choice_of_its_own() -> None:
    def with_paid(amount: int) -> Draft:
        first, second, *rest = REBUILT.lines
        paid = Decimal(amount)
        return replace(
            REBUILT, lines=(replace(first, paid=paid), replace(second, paid=paid), *rest)
        )

    found = merged(REBUILT, with_paid(1), with_paid(2))
    assert found.clashes == ("lines.0", "lines.1")
    assert [line.paid for line in found.settled(["lines.1"]).lines[:2]] == [2, 1]


def test_money_when_nobody_knows_what_was_read_then_each_line_that_differs_is_asked() -> None:
    added = FundingLine("CAF", 2027, agreed=Decimal(1))
    mine = replace(REBUILT, lines=(replace(ANRU, paid=None), *REBUILT.lines[1:], added))
    found = merged(None, mine, REBUILT)
    assert [clash.label for clash in found.rows.values()] == [
        "Financement ANRU 2025",
        "Financement CAF 2027",
    ]
    assert found.draft == REBUILT and found.settled(found.clashes).lines == mine.lines


def test_state_when_both_dated_it_then_asked_alone() -> None:
    base = replace(REBUILT, steps=(Step("works", year(2026)),))
    mine = replace(base, steps=(Step("works", year(2027)), Step("delivered", year(2028))))
    theirs = replace(base, steps=(Step("works", year(2025)),))
    found = merged(base, mine, theirs)
    assert [clash.label for clash in found.rows.values()] == ["État daté, travaux"]
    assert found.draft.steps == (Step("works", year(2025)), Step("delivered", year(2028)))
    assert found.settled(["steps.0"]).steps == mine.steps


def test_money_when_lines_cannot_be_told_apart_then_asked() -> None:
    base = replace(REBUILT, lines=(ANRU, ANRU))
    mine, theirs = replace(base, lines=(ANRU, ANRU, REGION)), replace(base, lines=(ANRU,))
    assert merged(base, mine, theirs).clashes == ("lines",)


def test_states_when_both_dated_others_then_in_their_order() -> None:
    base = replace(REBUILT, steps=(Step("works", year(2026)),))
    mine = replace(base, steps=(*base.steps, Step("delivered", year(2028))))
    theirs = replace(base, steps=(Step("studies", year(2025)), *base.steps))
    steps = merged(base, mine, theirs).draft.steps
    assert [step.status for step in steps] == ["studies", "works", "delivered"]


def test_dates_when_each_is_right_but_not_together_then_asked() -> None:
    base = replace(REBUILT, starts=year(2025), ends=year(2029))
    mine, theirs = replace(base, starts=year(2028)), replace(base, ends=year(2026))
    found = merged(base, mine, theirs)
    assert found.clashes == ("starts", "ends")
    assert (found.draft.starts, found.draft.ends) == (year(2025), year(2026))


def test_what_was_read_when_nobody_knows_it_then_all_that_differs_is_asked() -> None:
    mine = replace(REBUILT, title="A", position_quality="exact")
    assert merged(None, mine, REBUILT).clashes == ("title", "place")
