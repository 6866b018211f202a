"""The guide: what plain words find, who may write, what a structure corrects by its link."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.geo import LonLat
from qpvmap.core.guide import OfferDraft, Proposal, Quality, StructureDraft, Wanted
from qpvmap.storage.guide import history_of, structure_by_code
from qpvmap.storage.guide_search import find_offers, synonym_groups
from qpvmap.storage.models import GuideProposal, GuideStructure, Territory
from qpvmap.usecases.guide import (
    Editing,
    Placed,
    remove_offer,
    remove_structure,
    save_offer,
    save_structure,
    save_synonyms,
)
from qpvmap.usecases.guide_review import (
    Correction,
    ReviewLetter,
    ask_review,
    confirm,
    decide,
    propose,
    send_due_reviews,
)
from qpvmap.usecases.territory import load_territory
from tests.factories import IN_QUARTER_WEST, WEST, Toy, make_actor, make_territory

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CRECHE = StructureDraft(name="Les Petits Pas", kind="Crèche", insee_code=WEST, email="a@b.example")
MAIL = ReviewLetter("Vérifiez", "Bonjour")


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def keeper(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def editing(toy: Toy, actor: Actor, version: int = 0) -> Editing:
    return Editing(actor, toy.territory.id, NOW, version)


def add(session: Session, toy: Toy, actor: Actor, **offer: Any) -> GuideStructure:
    """Add a structure with one offer, and return it."""
    structure = save_structure(
        session, editing(toy, actor), CRECHE, Placed(IN_QUARTER_WEST, Quality.EXACT)
    )
    draft = OfferDraft(**{"title": "Accueil des tout-petits", "theme": "childcare", **offer})
    save_offer(session, editing(toy, actor, structure.version), structure.code, draft)
    found = structure_by_code(session, toy.territory.id, structure.code)
    assert found
    return found


def titles(session: Session, words: str, **filters: str) -> list[str]:
    territory = session.scalars(select(Territory)).one()
    return [c.offer.title for c in find_offers(session, territory.id, Wanted(words, **filters))]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("aide pour trouver un stage", "Aide aux stages"),
        ("AIDE STAGES", "Aide aux stages"),
        ("stag", "Aide aux stages"),
        ("aprentisage", "Aide aux stages"),
        ("apprentissage", "Aide aux stages"),
        ("j’ai des dettes", "Conseil sur le budget et les dettes"),
        ("surendetement", "Conseil sur le budget et les dettes"),
        ("avocat gratuit", "Connaître ses droits et régler un litige"),
        ("devenir animateur", "BAFA citoyen"),
        ("prevert", "Accueil et activités du centre social et culturel"),
    ],
)
def test_words_when_plain_then_the_right_offer_comes_first(
    blagis_session: Session, words: str, first: str
) -> None:
    assert titles(blagis_session, words)[:1] == [first]


def test_words_when_nothing_answers_then_nothing_is_found(blagis_session: Session) -> None:
    assert titles(blagis_session, "hippopotame") == []
    assert titles(blagis_session, "xyzzy plugh") == []


def test_phrase_when_a_synonym_then_found(session: Session, toy: Toy, keeper: Actor) -> None:
    save_synonyms(session, editing(toy, keeper), "garde d’enfant, crèche, nounou")
    add(session, toy, keeper)
    for words in ("garde d'enfants", "je cherche une nounou", "creche", "garde enfant"):
        assert titles(session, words) == ["Accueil des tout-petits"], words


def test_filters_when_chosen_then_hold_together(blagis_session: Session) -> None:
    young = titles(blagis_session, "", public="youth", theme="youth")
    assert young == ["Aide aux stages", "Aides aux projets", "BAFA citoyen"]
    bourg = titles(blagis_session, "insertion", commune="92014")
    assert bourg[0] == "Insertion par l’activité économique"
    everyone = titles(blagis_session, "", public="seniors")
    assert "Conseil sur le budget et les dettes" in everyone
    assert "Aide aux stages" not in everyone


def test_search_when_words_are_hostile_then_no_error(blagis_session: Session) -> None:
    for words in ("'", "a & | !", ":*", "<-> (", "%_\\", "x" * 500, "  ", "œuf", "'); drop table"):
        titles(blagis_session, words)


def test_guide_when_loaded_twice_then_nothing_changes_and_all_is_to_check(
    blagis_session: Session,
) -> None:
    rows = blagis_session.scalars(select(GuideStructure)).all()
    assert len(rows) == 18
    assert all(row.to_check and row.checked_on is None and row.location is None for row in rows)
    assert {row.email for row in rows} == {""}, "the yearly letter would go there unasked"
    own = [row for row in rows if row.address or (row.phone and row.phone != "3949")]
    assert all(row.source != "Contrat de ville" for row in own), "the contract gives no number"
    again = load_territory(blagis_session, "blagis", NOW)
    assert not again.counts["guide"].wrote


def test_guide_when_loaded_again_then_what_people_did_stays(blagis_session: Session) -> None:
    territory = blagis_session.scalars(select(Territory)).one()
    toy = Toy(territory)
    keeper = make_actor(blagis_session, toy, Role.PLANNER)
    gone = remove_structure(blagis_session, editing(toy, keeper, 1), "aspe")
    kept = structure_by_code(blagis_session, territory.id, "club-relais")
    assert kept
    draft = StructureDraft(name="Club Relais des Blagis")
    save_structure(blagis_session, editing(toy, keeper, 1), draft, Placed(), "club-relais")
    load_territory(blagis_session, "blagis", NOW)
    assert gone.removed_at == NOW
    assert kept.name == "Club Relais des Blagis"
    assert len(synonym_groups(blagis_session, territory.id)) == 23


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.LEAD, Role.ADMIN])
def test_writing_when_one_does_not_keep_the_guide_then_refused(
    session: Session, toy: Toy, keeper: Actor, role: Role
) -> None:
    structure = add(session, toy, keeper)
    other = editing(toy, make_actor(session, toy, role), structure.version)
    offer = structure.offers[0]
    deeds = [
        lambda: save_structure(session, other, CRECHE, Placed()),
        lambda: save_structure(session, other, CRECHE, Placed(), structure.code),
        lambda: remove_structure(session, other, structure.code),
        lambda: save_offer(session, other, structure.code, OfferDraft("X", "youth")),
        lambda: remove_offer(session, other, structure.code, offer.id),
        lambda: save_synonyms(session, other, "a, b"),
        lambda: ask_review(session, other, structure.code, lambda *_: MAIL),
        lambda: decide(session, other.actor, toy.territory.id, 1, accepted=True, now=NOW),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()


def test_writing_when_of_another_territory_then_as_if_it_did_not_exist(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    other = make_territory(session, "other", "OT")
    stranger = make_actor(session, other, Role.COORDINATOR, "coordination")
    with pytest.raises(NotFound):
        remove_structure(session, editing(other, stranger, structure.version), structure.code)
    with pytest.raises(NotAllowed):
        remove_structure(session, editing(toy, stranger, structure.version), structure.code)
    assert find_offers(session, other.territory.id, Wanted("tout-petits")) == []


def test_structure_when_wrong_then_each_field_says_why(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    draft = StructureDraft("", "", "75056", phone="12", email="x", site="javascript:alert(1)")
    with pytest.raises(InvalidSubmission) as refused:
        save_structure(session, editing(toy, keeper), draft, Placed())
    assert set(refused.value.fields) == {"name", "insee_code", "phone", "email", "site"}


def test_structure_when_changed_meanwhile_then_nothing_is_written(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    with pytest.raises(StaleVersion):
        save_structure(session, editing(toy, keeper, 1), CRECHE, Placed(), structure.code)
    assert structure.position_quality == Quality.EXACT


def test_review_when_a_year_has_passed_then_asked_twice_and_no_more(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    assert send_due_reviews(session, lambda *_: MAIL, NOW + timedelta(days=364)) == 0
    later = NOW + timedelta(days=366)
    asked = [
        send_due_reviews(session, lambda *_: MAIL, later + timedelta(days=days))
        for days in (0, 1, 22, 44, 300)
    ]
    assert asked == [1, 0, 1, 0, 0]
    jobs = session.execute(
        text("select args->>'to' from procrastinate_jobs where task_name = 'send_mail'")
    )
    assert jobs.scalars().all() == ["a@b.example"] * 2
    confirm(session, structure.id, "a@b.example", later + timedelta(days=45))
    assert structure.checked_by == "la structure"
    assert send_due_reviews(session, lambda *_: MAIL, later + timedelta(days=60)) == 0


def test_correction_when_sent_then_waits_and_goes_live_once_accepted(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    offer = structure.offers[0]
    sent = Correction(
        {"name": "Les Petits Pas", "kind": "Crèche", "email": "a@b.example", "phone": "0123456789"},
        {offer.id: OfferDraft("Accueil des tout-petits", "childcare", schedule="mardi 9h-12h")},
    )
    proposal = propose(session, structure.id, "a@b.example", sent, NOW)
    assert proposal
    assert structure.phone == ""
    assert proposal.fields == {"phone": ["", "0123456789"]}
    with pytest.raises(CannotChange):
        propose(session, structure.id, "a@b.example", sent, NOW)
    decide(session, keeper, toy.territory.id, proposal.id, accepted=True, now=NOW)
    assert structure.phone == "0123456789"
    assert offer.schedule["permanences"][0]["weekday"] == 1
    assert titles(session, "mardi") == ["Accueil des tout-petits"]
    assert [e.kind for e, _ in history_of(session, structure.id)][:2] == [
        "correction_accepted",
        "proposed",
    ]
    with pytest.raises(CannotChange):
        decide(session, keeper, toy.territory.id, proposal.id, accepted=False, now=NOW)


def test_correction_when_an_offer_is_no_longer_made_then_it_leaves_the_guide_once_accepted(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    offer = structure.offers[0]
    same = {"name": "Les Petits Pas", "kind": "Crèche", "email": "a@b.example"}
    broken = {offer.id: OfferDraft(title="", theme="?")}
    sent = Correction(same, broken, gone=frozenset({offer.id}))
    proposal = propose(session, structure.id, "a@b.example", sent, NOW)
    assert proposal
    assert proposal.offers == {str(offer.id): {"gone": [False, True]}}
    assert titles(session, "tout-petits") == ["Accueil des tout-petits"]
    decide(session, keeper, toy.territory.id, proposal.id, accepted=True, now=NOW)
    assert titles(session, "tout-petits") == []
    assert structure_by_code(session, toy.territory.id, structure.code)


@pytest.mark.parametrize("accepted", [True, False])
def test_structure_when_it_says_that_it_has_closed_then_a_person_decides(
    session: Session, toy: Toy, keeper: Actor, accepted: bool
) -> None:
    structure = add(session, toy, keeper)
    same = {"name": "Les Petits Pas", "kind": "Crèche", "email": "a@b.example"}
    sent = Correction(same, {}, closes=True)
    proposal = propose(session, structure.id, "a@b.example", sent, NOW)
    assert proposal
    assert structure.removed_at is None
    decide(session, keeper, toy.territory.id, proposal.id, accepted=accepted, now=NOW)
    assert (structure.removed_at == NOW) == accepted
    assert (titles(session, "tout-petits") == []) == accepted


def test_correction_when_nothing_differs_then_it_is_a_confirmation(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    structure.checked_on = None
    same = {"name": "Les Petits Pas", "kind": "Crèche", "email": "a@b.example"}
    assert propose(session, structure.id, "a@b.example", Correction(same, {}), NOW) is None
    assert structure.checked_on == NOW.date()


def test_correction_when_refused_then_the_page_stays(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    fields = {"name": "Autre", "kind": "Crèche", "email": "a@b.example"}
    proposal = propose(session, structure.id, "a@b.example", Correction(fields, {}), NOW)
    assert proposal
    decide(session, keeper, toy.territory.id, proposal.id, accepted=False, now=NOW)
    assert structure.name == "Les Petits Pas"
    assert session.get_one(GuideProposal, proposal.id).state == Proposal.REFUSED


def test_correction_when_wrong_then_each_field_says_why_and_nothing_is_kept(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    offer = structure.offers[0]
    wrong = OfferDraft("Accueil des tout-petits", "childcare", schedule="un jour")
    with pytest.raises(InvalidSubmission) as refused:
        propose(session, structure.id, "a@b.example", Correction({}, {offer.id: wrong}), NOW)
    assert set(refused.value.fields) == {"name", f"{offer.id}-schedule"}
    assert session.scalars(select(GuideProposal)).all() == []


def test_link_when_the_address_has_changed_then_dead(
    session: Session, toy: Toy, keeper: Actor
) -> None:
    structure = add(session, toy, keeper)
    with pytest.raises(NotFound):
        confirm(session, structure.id, "ancien@b.example", NOW)


def test_place_when_unknown_then_said_so(session: Session, toy: Toy, keeper: Actor) -> None:
    structure = save_structure(
        session, editing(toy, keeper), CRECHE, Placed(LonLat(2.3, 48.78), Quality.ADDRESS)
    )
    assert structure.position_quality == "address"
    save_structure(
        session, editing(toy, keeper, structure.version), CRECHE, Placed(), structure.code
    )
    assert structure.position_quality == "commune"
    assert structure.location is None
