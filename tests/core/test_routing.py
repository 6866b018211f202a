"""Category and ground to team."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.errors import NoTeam
from qpvmap.core.places import Candidate, EmpriseRef
from qpvmap.core.routing import Decision, Ground, RoutingRule, choose_team, in_commune

LANDLORD, SCHOOL = 7, 8
ESTATE = EmpriseRef(1, "hlm-1", "résidence X", "residence", LANDLORD, "Bailleur", 0.9, 4000)
COURT = EmpriseRef(2, "hlm-2", "cour", "residence", LANDLORD, "Bailleur", 0.9, 300)
PLAYGROUND = EmpriseRef(3, "ecole", "cour de l’école", "school", SCHOOL, "École", 1.0, 900)
COORDINATION = RoutingRule(1)
RULES = [
    COORDINATION,
    RoutingRule(2, "eclairage"),
    RoutingRule(3, "voirie", "92007"),
    RoutingRule(4, "voirie"),
    RoutingRule(5, "voirie", body_id=LANDLORD),
    RoutingRule(6, "voirie", emprise_id=COURT.id),
    RoutingRule(7, "tags", emprise_id=COURT.id, is_precedent=True),
]


def on(*pieces: tuple[EmpriseRef | None, float], commune: str = "92007") -> tuple[Candidate, ...]:
    return tuple(Candidate(emprise, commune, share) for emprise, share in pieces)


@pytest.mark.parametrize(
    ("category", "commune", "team", "ground"),
    [
        ("voirie", "92007", 3, Ground.COMMUNE_AND_CATEGORY),
        ("voirie", "92071", 4, Ground.CATEGORY),
        ("eclairage", "92007", 2, Ground.CATEGORY),
        ("tags", "92007", 1, Ground.COORDINATION),
    ],
)
@pytest.mark.parametrize("rules", [RULES, RULES[::-1]], ids=["written", "reversed"])
def test_the_most_particular_rule_wins_whatever_the_order(
    rules: list[RoutingRule], category: str, commune: str, team: int, ground: Ground
) -> None:
    assert choose_team(rules, category, in_commune(commune)) == Decision(team, ground)


def test_no_rule_at_all_is_an_error_not_a_silence() -> None:
    with pytest.raises(NoTeam):
        choose_team([RoutingRule(3, "voirie", "92007")], "voirie", in_commune("92071"))


@pytest.mark.parametrize(
    ("pieces", "category", "team", "ground", "place"),
    [
        ([(ESTATE, 1.0)], "voirie", 5, Ground.BODY, ESTATE),
        ([(ESTATE, 1.0), (COURT, 1.0)], "voirie", 6, Ground.EMPRISE, COURT),
        ([(ESTATE, 1.0), (COURT, 1.0)], "tags", 7, Ground.PRECEDENT, COURT),
        # a piece of ground without a rule for the category is as if it were not drawn
        ([(ESTATE, 1.0), (PLAYGROUND, 1.0)], "voirie", 5, Ground.BODY, ESTATE),
        ([(PLAYGROUND, 1.0)], "voirie", 3, Ground.COMMUNE_AND_CATEGORY, None),
        # the likelier of two owners, then the other
        ([(ESTATE, 0.7), (None, 0.3)], "voirie", 5, Ground.BODY, ESTATE),
        ([(ESTATE, 0.3), (None, 0.7)], "voirie", 3, Ground.COMMUNE_AND_CATEGORY, None),
    ],
)
def test_ground_decides_before_the_commune(
    pieces: list[tuple[EmpriseRef | None, float]],
    category: str,
    team: int,
    ground: Ground,
    place: EmpriseRef | None,
) -> None:
    found = choose_team(RULES, category, on(*pieces))
    assert (found.team_id, found.ground, found.emprise) == (team, ground, place)


def test_doubt_names_the_other_owner_when_the_disc_is_over_two() -> None:
    found = choose_team(RULES, "voirie", on((ESTATE, 0.6), (None, 0.4)))
    assert [(doubt.team_id, doubt.share) for doubt in found.doubts] == [(3, 0.4)]


def test_doubt_is_left_out_below_a_tenth_of_the_disc() -> None:
    assert choose_team(RULES, "voirie", on((ESTATE, 0.95), (None, 0.05))).doubts == ()


def test_border_of_two_communes_goes_to_the_likelier_and_says_so() -> None:
    rules = [COORDINATION, RoutingRule(3, "voirie", "92007"), RoutingRule(9, "voirie", "92071")]
    ground = (Candidate(None, "92007", 0.45, 0.45), Candidate(None, "92071", 0.55, 0.55))
    found = choose_team(rules, "voirie", ground)
    assert found.team_id == 9
    assert [doubt.team_id for doubt in found.doubts] == [3]


CATEGORIES = st.sampled_from(["voirie", "tags"])
COMMUNES = st.sampled_from(["92007", "92071"])
EMPRISES = st.sampled_from([ESTATE, COURT, PLAYGROUND])
some_rules = st.lists(
    st.builds(
        RoutingRule,
        team_id=st.integers(2, 9),
        category=st.none() | CATEGORIES,
        insee_code=st.none() | COMMUNES,
        emprise_id=st.none() | st.integers(1, 3),
        body_id=st.none() | st.sampled_from([LANDLORD, SCHOOL]),
    ),
    max_size=6,
)
some_ground = st.lists(
    st.builds(
        Candidate,
        emprise=st.none() | EMPRISES,
        insee_code=COMMUNES,
        share=st.floats(0, 1),
        commune_share=st.floats(0, 1),
    ),
    max_size=4,
)


@given(some_rules, CATEGORIES, some_ground)
def test_any_rules_on_any_ground_never_leave_it_without_a_team(
    rules: list[RoutingRule], category: str, ground: list[Candidate]
) -> None:
    found = choose_team([*rules, COORDINATION], category, ground)
    assert found.team_id in {1, *(rule.team_id for rule in rules)}
    assert found.team_id not in {doubt.team_id for doubt in found.doubts}


@given(st.lists(some_rules, max_size=1), CATEGORIES, some_ground)
def test_the_order_of_rules_and_of_ground_changes_nothing(
    drawn: list[list[RoutingRule]], category: str, ground: list[Candidate]
) -> None:
    rules = [*(drawn[0][:4] if drawn else []), COORDINATION]
    answers = {choose_team(order, category, ground).team_id for order in permutations(rules)}
    answers |= {choose_team(rules, category, order).team_id for order in permutations(ground)}
    assert len(answers) == 1
