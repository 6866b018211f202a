"""Solicitations and actions: once each, nobody's name, put right in time, their own figures."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import InvalidPhoto, InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.outreach import Initiative as Told
from qpvmap.core.outreach import Solicitation as Asked
from qpvmap.core.photos import MAX_PER_MOMENT, Areas, Picture, Size
from qpvmap.pictures import prepare
from qpvmap.settings import Settings
from qpvmap.storage.files import Files, open_files, photo_path
from qpvmap.storage.models import Initiative, Solicitation
from qpvmap.storage.outreach import photos_of_initiative
from qpvmap.storage.photos import all_kept_keys, kept_keys
from qpvmap.storage.presence_figures import (
    InitiativeCount,
    Scope,
    SolicitationCount,
    initiative_figures,
    solicitation_figures,
)
from qpvmap.usecases.initiatives import (
    SentPhoto,
    add_initiative_photo,
    cancel_initiative,
    correct_initiative,
    note_initiative,
    redact_initiative_photo,
    remove_initiative_photo,
)
from qpvmap.usecases.presence_upkeep import forget_names
from qpvmap.usecases.presences import Start, start_presence
from qpvmap.usecases.solicitations import (
    cancel_solicitation,
    correct_solicitation,
    note_solicitation,
)
from tests.factories import Toy, make_actor, make_territory
from tests.pictures import photo
from tests.walkers import EAST, WEST, make_words

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
MONTH = date(2026, 11, 1)


@pytest.fixture
def toy(session: Session) -> Toy:
    toy = make_territory(session)
    make_words(session, toy)
    return toy


@pytest.fixture
def mediator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.MEDIATOR, "police")


def asked(**changes: object) -> Asked:
    told: dict[str, object] = {"client_id": uuid4(), "public": "habitant", "theme": "proprete"}
    return Asked(**(told | changes))  # type: ignore[arg-type]


def told(**changes: object) -> Told:
    said: dict[str, object] = {
        "client_id": uuid4(),
        "kind": "proprete",
        "title": "Grand nettoyage",
        "day": NOW.date(),
    }
    return Told(**(said | changes))  # type: ignore[arg-type]


def scope(toy: Toy) -> Scope:
    return Scope(toy.territory.id, MONTH, date(2026, 12, 1))


def test_solicitation_when_sent_again_then_is_one_at_the_hour_of_the_tap(
    session: Session, mediator: Actor
) -> None:
    one = asked(at=NOW - timedelta(hours=3))
    assert [note_solicitation(session, mediator, one, NOW)[1] for _ in range(2)] == [True, False]
    assert session.scalars(select(Solicitation.happened_at)).all() == [NOW - timedelta(hours=3)]


def test_solicitation_when_on_a_round_then_belongs_to_its_sector(
    session: Session, mediator: Actor
) -> None:
    start_presence(session, mediator, Start(uuid4(), EAST), NOW)
    found, _ = note_solicitation(session, mediator, asked(), NOW)
    assert found.sector is not None
    assert found.sector.code == EAST


def test_note_when_it_holds_a_number_then_it_is_masked_before_it_is_kept(
    session: Session, mediator: Actor
) -> None:
    one = asked(note="Rappeler le 06 12 34 56 78 demain")
    found, _ = note_solicitation(session, mediator, one, NOW)
    session.expire(found)
    assert found.note == "Rappeler le [masqué] demain"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"public": ""}, "public"),
        ({"public": "martien"}, "public"),
        ({"theme": ""}, "theme"),
        ({"theme": "habitant"}, "theme"),
        ({"body": "martien"}, "body"),
        ({"times": 0}, "times"),
        ({"times": 201}, "times"),
        ({"note": "x" * 201}, "note"),
        ({"sector": "lune"}, "sector"),
    ],
)
def test_solicitation_when_wrong_then_says_which_field(
    session: Session, mediator: Actor, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        note_solicitation(session, mediator, asked(**changes), NOW)
    assert field in refused.value.fields


def test_solicitation_when_the_day_is_not_over_then_can_be_put_right_or_taken_back(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    one = asked()
    note_solicitation(session, mediator, one, NOW)
    sent_on = asked(client_id=one.client_id, body="mairie", times=3)
    evening = NOW.replace(hour=22)  # 23 h in Paris
    correct_solicitation(session, mediator, sent_on, evening)
    assert solicitation_figures(session, scope(toy)) == [
        SolicitationCount(MONTH, "", "Habitant", "Propreté", "Mairie", 3)
    ]
    after_midnight = NOW.replace(hour=23, minute=30)
    with pytest.raises(InvalidSubmission, match="jour même"):
        correct_solicitation(session, mediator, sent_on, after_midnight)
    with pytest.raises(InvalidSubmission, match="jour même"):
        cancel_solicitation(session, mediator, one.client_id, after_midnight)
    cancel_solicitation(session, mediator, one.client_id, evening)
    assert solicitation_figures(session, scope(toy)) == []


def test_what_is_noted_when_somebody_else_touches_it_then_does_not_exist(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    one, two = asked(), told()
    note_solicitation(session, mediator, one, NOW)
    note_initiative(session, mediator, two, NOW)
    for role in (Role.MEDIATOR, Role.LEAD, Role.COORDINATOR, Role.ADMIN):
        other = make_actor(session, toy, role, "police")
        with pytest.raises(NotFound):
            correct_solicitation(session, other, one, NOW)
        with pytest.raises(NotFound):
            cancel_solicitation(session, other, one.client_id, NOW)
        with pytest.raises(NotFound):
            correct_initiative(session, other, two, 1, NOW)
        with pytest.raises(NotFound):
            cancel_initiative(session, other, two.client_id, NOW)
        with pytest.raises(NotAllowed):
            note_solicitation(session, other, one, NOW)
        with pytest.raises(NotAllowed):
            note_initiative(session, other, two, NOW)


def test_action_when_noted_then_is_one_with_its_partners(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    one = told(
        sector=WEST,
        place="Square, chez M. au 06 12 34 56 78",
        partners=("ecole", "mairie", "inconnu"),
        people=24,
        minutes=90,
        organised=True,
        story="Écrire à lea@exemple.fr",
    )
    assert [note_initiative(session, mediator, one, NOW)[1] for _ in range(2)] == [True, False]
    session.expire_all()
    found = session.scalars(select(Initiative)).one()
    assert [word.code for word in found.partners] == ["mairie", "ecole"]
    assert found.place == "Square, chez M. au [masqué]"
    assert found.story == "Écrire à [masqué]"
    note_initiative(session, mediator, told(sector=EAST, organised=True), NOW)
    assert initiative_figures(session, scope(toy)) == [
        InitiativeCount(MONTH, "QN09299X", "Opération propreté", True, 2, 24, 1)
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "habitant"}, "kind"),
        ({"title": "  "}, "title"),
        ({"day": NOW.date() + timedelta(days=1)}, "day"),
        ({"day": NOW.date() - timedelta(days=90)}, "day"),
        ({"people": -1}, "people"),
        ({"minutes": 2000}, "minutes"),
        ({"story": "x" * 1001}, "story"),
    ],
)
def test_action_when_wrong_then_says_which_field(
    session: Session, mediator: Actor, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        note_initiative(session, mediator, told(**changes), NOW)
    assert field in refused.value.fields


def test_action_when_changed_twice_from_one_reading_then_the_second_is_told(
    session: Session, mediator: Actor
) -> None:
    one = told()
    note_initiative(session, mediator, one, NOW)
    correct_initiative(session, mediator, told(client_id=one.client_id, people=5), 1, NOW)
    with pytest.raises(StaleVersion):
        correct_initiative(session, mediator, told(client_id=one.client_id, people=6), 1, NOW)


@pytest.fixture
def files(settings: Settings) -> Files:
    return open_files(settings)


@pytest.fixture
def app_database_url() -> str:
    return "postgresql://nobody@localhost/none"


@pytest.fixture(scope="module")
def picture() -> Picture:
    return prepare(photo())


def test_photo_when_sent_again_then_is_one_and_its_file_is_kept(
    session: Session, files: Files, mediator: Actor, picture: Picture
) -> None:
    one, sent = told(), SentPhoto(uuid4(), picture)
    found, _ = note_initiative(session, mediator, one, NOW)
    created = [
        add_initiative_photo(session, files, mediator, one.client_id, sent, NOW)[1]
        for _ in range(2)
    ]
    assert created == [True, False]
    (kept,) = photos_of_initiative(session, found.id)
    assert files.get(photo_path(kept.key, Size.FULL)) is not None
    assert kept_keys(session, [kept.key, "other"]) == {kept.key}
    assert kept.key in all_kept_keys(session)


def test_photo_when_blackened_or_removed_then_the_former_is_to_be_destroyed(
    session: Session, files: Files, toy: Toy, mediator: Actor, picture: Picture
) -> None:
    one = told()
    found, _ = note_initiative(session, mediator, one, NOW)
    sent = SentPhoto(uuid4(), picture)
    photo, _ = add_initiative_photo(session, files, mediator, one.client_id, sent, NOW)
    key = photo.key
    areas = Areas(rectangles=((0.0, 0.0, 1.0, 1.0),))
    stranger = make_actor(session, toy, Role.MEDIATOR, "police")
    with pytest.raises(NotFound):
        redact_initiative_photo(session, files, stranger, photo.id, areas, NOW)
    lead = make_actor(session, toy, Role.LEAD, "police")
    assert redact_initiative_photo(session, files, lead, photo.id, areas, NOW) == key
    assert remove_initiative_photo(session, mediator, photo.id, NOW) == photo.key != key
    assert photos_of_initiative(session, found.id) == []
    assert photo.key not in all_kept_keys(session)


def test_photo_when_there_are_enough_then_is_refused_and_all_go_with_the_action(
    session: Session, files: Files, mediator: Actor, picture: Picture
) -> None:
    one = told()
    found, _ = note_initiative(session, mediator, one, NOW)
    for _ in range(MAX_PER_MOMENT):
        sent = SentPhoto(uuid4(), picture)
        add_initiative_photo(session, files, mediator, one.client_id, sent, NOW)
    with pytest.raises(InvalidPhoto):
        add_initiative_photo(
            session, files, mediator, one.client_id, SentPhoto(uuid4(), picture), NOW
        )
    cancel_initiative(session, mediator, one.client_id, NOW)
    assert photos_of_initiative(session, found.id) == []


def test_names_when_kept_long_enough_then_go_with_the_words_of_solicitations(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    note_solicitation(session, mediator, asked(note="Un mot"), NOW)
    note_initiative(session, mediator, told(story="Ce qui fut fait"), NOW)
    before = solicitation_figures(session, scope(toy)), initiative_figures(session, scope(toy))
    assert forget_names(session, datetime(2027, 11, 26, 3, tzinfo=UTC)) == 2
    session.expire_all()
    assert session.execute(select(Solicitation.author_id, Solicitation.note)).one() == (None, "")
    assert session.execute(select(Initiative.author_id, Initiative.story)).one() == (
        None,
        "Ce qui fut fait",
    )
    after = solicitation_figures(session, scope(toy)), initiative_figures(session, scope(toy))
    assert after == before
