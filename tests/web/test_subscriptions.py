"""Following from the pages: with an account, by mail, and how it stops."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.subscriptions import SubscriptionKind, Wish
from qpvmap.storage.models import Account, PushDevice, Subscriber, Subscription, Team
from qpvmap.storage.session import transaction
from qpvmap.subscription_links import Asked, subscription_links
from tests.conftest import NOW
from tests.factories import Toy, make_signalement, make_territory
from tests.web.doors import hidden_token
from tests.web.people import add_person, sign_in

DEVICE = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/un-navigateur",
    "p256dh": "B" * 87,
    "auth": "A" * 22,
}


@pytest.fixture
def settings(settings: Any) -> Any:
    return settings.model_copy(update={"territory": "toy"})


@pytest.fixture
def toy(app: Any) -> Toy:
    with transaction(app.extensions["qpvmap"].engine) as session:
        return make_territory(session)


@pytest.fixture
def references(app: Any, toy: Toy) -> tuple[str, str]:
    """Return a public signalement and a confidential one."""
    with transaction(app.extensions["qpvmap"].engine) as session:
        public = make_signalement(session, toy, address="4 rue Léo-Delibes, Ouestville")
        secret = make_signalement(session, toy, category="rixe", team="police")
        session.execute(text("delete from procrastinate_jobs"))
        return public.reference, secret.reference


def post(client: FlaskClient, path: str, page: str = "/suivre", **fields: str) -> Any:
    token = hidden_token(client.get(page).get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **fields})


def rows(app: Any, model: Any) -> list[Any]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        return list(session.scalars(select(model)))


def jobs(app: Any) -> list[Any]:
    with app.extensions["qpvmap"].engine.connect() as connection:
        return list(connection.execute(text("select args from procrastinate_jobs")).scalars())


def test_page_when_read_by_anybody_then_offers_what_surrounds_the_signalement(
    client: FlaskClient, references: tuple[str, str]
) -> None:
    page = client.get(f"/suivre?quoi=signalement:{references[0]}").get_data(as_text=True)
    for words in (references[0], "Rue Léo-Delibes", "Catégorie Voirie", "Quartier Les Deux Rives"):
        assert words in page
    assert "Rixe" not in page


def test_page_when_it_is_about_something_confidential_then_says_nothing_of_it(
    client: FlaskClient, references: tuple[str, str]
) -> None:
    page = client.get(f"/suivre?quoi=signalement:{references[1]}").get_data(as_text=True)
    offered = re.findall(r'name="quoi" value="([^"]+)"', page)
    assert not any(references[1] in value for value in offered)
    answer = post(client, "/suivre", quoi=f"signalement:{references[1]}", email="nadia@exemple.fr")
    assert answer.status_code == 422


def test_follow_when_by_mail_then_nothing_is_kept_before_the_link_was_opened(
    app: Any, client: FlaskClient, references: tuple[str, str]
) -> None:
    answer = post(client, "/suivre", quoi="rue", rue="4 rue Léo-Delibes", email="Nadia@Exemple.fr")
    assert "Ouvrez le lien reçu" in answer.get_data(as_text=True)
    assert rows(app, Subscriber) == []
    [mail] = jobs(app)
    assert mail["to"] == "nadia@exemple.fr"
    link = re.search(r"http\S+(/suivre/confirmer/\S+)", mail["text"])
    assert link is not None
    opened = client.get(link[1]).get_data(as_text=True)
    assert "Oui, suivre" in opened
    assert rows(app, Subscriber) == []
    token = hidden_token(opened)
    done = client.post(link[1], data={"csrf_token": token}, follow_redirects=True)
    assert "Rue Léo-Delibes" in done.get_data(as_text=True)
    [subscriber], [subscription] = rows(app, Subscriber), rows(app, Subscription)
    assert subscriber.email == "nadia@exemple.fr"
    assert (subscription.kind, subscription.place) == ("street", "rue leo delibes")


def test_follow_when_the_form_is_wrong_then_keeps_what_was_typed(
    app: Any, client: FlaskClient, toy: Toy
) -> None:
    answer = post(client, "/suivre", quoi="rue", rue="ici", email="nadia@exemple.fr")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="ici"' in page and 'value="nadia@exemple.fr"' in page
    assert "Écrivez le nom de la rue" in page
    bad = post(client, "/suivre", quoi="categorie", categorie="voirie", email="nadia")
    assert "E-mail illisible" in bad.get_data(as_text=True)
    assert jobs(app) == []


def test_links_when_many_are_asked_for_one_address_then_are_refused(
    app: Any, client: FlaskClient, toy: Toy
) -> None:
    for _ in range(5):
        post(client, "/suivre", quoi="quartier:QN09299X", email="nadia@exemple.fr")
    answer = post(client, "/suivre", quoi="quartier:QN09299X", email="nadia@exemple.fr")
    assert answer.status_code == 429
    assert len(jobs(app)) == 5


@pytest.mark.parametrize("path", ["confirmer", "liste", "arreter"])
def test_link_when_not_ours_then_opens_nothing(client: FlaskClient, toy: Toy, path: str) -> None:
    assert client.get(f"/suivre/{path}/abc").status_code == 404
    token = hidden_token(client.get("/suivre").get_data(as_text=True))
    assert client.post(f"/suivre/{path}/abc", data={"csrf_token": token}).status_code == 404


def test_link_when_of_another_use_then_opens_nothing(
    app: Any, client: FlaskClient, settings: Any, toy: Toy
) -> None:
    links = subscription_links(settings)
    stop = links.stop_token(1)
    asked = Asked("a@exemple.fr", Wish(SubscriptionKind.QPV, "QN09299X"))
    confirm = links.confirm(asked).rpartition("/")[2]
    assert client.get(f"/suivre/liste/{stop}").status_code == 404
    assert client.get(f"/suivre/liste/{confirm}").status_code == 404
    assert client.get(f"/suivre/confirmer/{links.manage_token(1)}").status_code == 404


def follow_by_mail(app: Any, toy: Toy) -> int:
    from qpvmap.usecases.subscriptions import subscribe_by_mail

    with transaction(app.extensions["qpvmap"].engine) as session:
        done = None
        for wish in (
            Wish(SubscriptionKind.QPV, "QN09299X"),
            Wish(SubscriptionKind.CATEGORY, "voirie"),
        ):
            done = subscribe_by_mail(session, "nadia@exemple.fr", toy.territory.id, wish, NOW)
        assert done is not None
        return done.subscriber_id


def test_mail_program_when_its_button_is_pressed_then_all_stops_without_a_page(
    app: Any, client: FlaskClient, settings: Any, toy: Toy
) -> None:
    token = subscription_links(settings).stop_token(follow_by_mail(app, toy))
    assert "Tout arrêter" in client.get(f"/suivre/arreter/{token}").get_data(as_text=True)
    assert len(rows(app, Subscriber)) == 1
    one_click = {"List-Unsubscribe": "One-Click"}
    assert client.post(f"/suivre/arreter/{token}", data=one_click).status_code == 200
    assert rows(app, Subscriber) == rows(app, Subscription) == []
    assert client.post(f"/suivre/arreter/{token}", data=one_click).status_code == 200


def test_list_when_opened_by_its_link_then_one_thing_can_be_stopped(
    app: Any, client: FlaskClient, settings: Any, toy: Toy
) -> None:
    token = subscription_links(settings).manage_token(follow_by_mail(app, toy))
    page = client.get(f"/suivre/liste/{token}")
    assert page.headers["Cache-Control"] == "private, no-store"
    first = rows(app, Subscription)[0]
    form = {"csrf_token": hidden_token(page.get_data(as_text=True)), "suivi": str(first.id)}
    client.post(f"/suivre/liste/{token}", data=form)
    assert [row.id for row in rows(app, Subscription)] != [first.id]
    assert len(rows(app, Subscription)) == 1


def test_follow_when_signed_in_then_is_at_once_and_stops_from_the_same_page(
    app: Any, client: FlaskClient, references: tuple[str, str]
) -> None:
    resident = add_person(app.extensions["qpvmap"].engine, Role.RESIDENT)
    sign_in(client, resident)
    page = f"/signalements/{references[0]}"
    done = post(client, "/suivre", page, quoi=f"signalement:{references[0]}")
    assert done.headers["Location"] == page
    shown = client.get(page).get_data(as_text=True)
    assert "Ne plus suivre" in shown
    assert references[0] in client.get("/compte").get_data(as_text=True)
    [row] = rows(app, Subscription)
    stopped = post(
        client,
        f"/compte/suivis/{row.id}/retirer",
        page,
        apropos=f"signalement:{references[0]}",
    )
    assert stopped.headers["Location"] == page
    assert rows(app, Subscription) == []


def test_follow_when_it_is_somebody_elses_then_cannot_be_stopped(
    app: Any, client: FlaskClient, references: tuple[str, str]
) -> None:
    engine = app.extensions["qpvmap"].engine
    sign_in(client, add_person(engine, Role.RESIDENT))
    post(client, "/suivre", "/compte", quoi="quartier:QN09299X")
    [row] = rows(app, Subscription)
    other = sign_in(app.test_client(), add_person(engine, Role.RESIDENT))
    assert post(other, f"/compte/suivis/{row.id}/retirer", "/compte").status_code == 404


def test_preferences_when_chosen_then_are_kept_and_copies_are_for_members(
    app: Any, client: FlaskClient, toy: Toy
) -> None:
    engine = app.extensions["qpvmap"].engine
    with transaction(engine) as session:
        assert session.scalar(select(Team.id).where(Team.code == "police"))
    agent = add_person(engine, Role.AGENT, "police")
    sign_in(client, agent)
    assert "une copie du point" in client.get("/compte").get_data(as_text=True)
    post(client, "/compte/courriels", "/compte", services="oui")
    [kept] = [a for a in rows(app, Account) if a.id == agent.id]
    assert (kept.told_by_mail, kept.told_of_followed, kept.told_of_teams) == (False, False, True)
    resident = sign_in(app.test_client(), add_person(engine, Role.RESIDENT))
    assert "une copie du point" not in resident.get("/compte").get_data(as_text=True)
    post(resident, "/compte/courriels", "/compte", services="oui", mails="oui")
    assert not any(a.told_of_teams for a in rows(app, Account) if a.id != agent.id)


def test_device_when_added_then_is_listed_by_a_mark_and_can_be_removed(
    app: Any, client: FlaskClient, toy: Toy
) -> None:
    engine = app.extensions["qpvmap"].engine
    sign_in(client, add_person(engine, Role.RESIDENT))
    assert post(client, "/compte/appareils", "/compte", **DEVICE).status_code == 201
    page = client.get("/compte").get_data(as_text=True)
    assert "Appareils prévenus" in page and DEVICE["endpoint"] not in page
    [row] = rows(app, PushDevice)
    other = sign_in(app.test_client(), add_person(engine, Role.RESIDENT))
    assert post(other, f"/compte/appareils/{row.id}/retirer", "/compte").status_code == 404
    post(other, "/compte/appareils/oublier", "/compte", endpoint=DEVICE["endpoint"])
    assert len(rows(app, PushDevice)) == 1
    post(client, f"/compte/appareils/{row.id}/retirer", "/compte")
    assert rows(app, PushDevice) == []


def test_device_when_another_person_uses_the_browser_then_is_theirs(
    app: Any, client: FlaskClient, toy: Toy
) -> None:
    engine = app.extensions["qpvmap"].engine
    first, second = (add_person(engine, Role.RESIDENT) for _ in range(2))
    for person in (first, second):
        post(sign_in(app.test_client(), person), "/compte/appareils", "/compte", **DEVICE)
    assert [row.account_id for row in rows(app, PushDevice)] == [second.id]


@pytest.mark.parametrize("endpoint", ["http://169.254.169.254/", "https://10.0.0.1/x", ""])
def test_device_when_its_address_is_no_push_service_then_is_refused(
    app: Any, client: FlaskClient, toy: Toy, endpoint: str
) -> None:
    sign_in(client, add_person(app.extensions["qpvmap"].engine, Role.RESIDENT))
    sent = {**DEVICE, "endpoint": endpoint}
    assert post(client, "/compte/appareils", "/compte", **sent).status_code == 422
    assert rows(app, PushDevice) == []


def test_device_when_nobody_is_signed_in_then_is_refused(client: FlaskClient, toy: Toy) -> None:
    assert post(client, "/compte/appareils", "/suivre", **DEVICE).status_code in (303, 401)


def test_service_worker_when_asked_for_then_sees_to_the_whole_site_and_is_checked_each_time(
    client: FlaskClient, toy: Toy
) -> None:
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"
    again = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_pages_when_read_then_lead_to_following(
    client: FlaskClient, references: tuple[str, str]
) -> None:
    page = client.get(f"/signalements/{references[0]}").get_data(as_text=True)
    assert f"/suivre?quoi=signalement:{references[0]}" in page
