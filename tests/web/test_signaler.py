"""Filing through the page: with a point from the script, with words alone, and everything wrong."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from qpvmap.settings import Settings
from qpvmap.storage.models import Contact, Equipment, Operation, Signalement, Territory
from qpvmap.storage.session import make_engine, transaction
from qpvmap.web import throttle
from tests.factories import IN_QUARTER_WEST, make_territory

HERE = {"lon": str(IN_QUARTER_WEST.lon), "lat": str(IN_QUARTER_WEST.lat)}
TYPED = "Un nid-de-poule <b>devant</b> l’école"


@pytest.fixture
def toy_site(committed_db: str) -> str:
    """Load the toy territory as the one that the site serves."""
    engine = make_engine(committed_db)
    with transaction(engine) as session:
        make_territory(session, "blagis")
    engine.dispose()
    return committed_db


@pytest.fixture
def site(toy_site: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the toy territory."""
    return client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return found[1]


def send(client: FlaskClient, **fields: str) -> TestResponse:
    """Open the form, fill it, send it."""
    page = client.get("/signaler").text
    kept = {name: hidden(page, name) for name in ("csrf_token", "client_id")}
    return client.post("/signaler", data={"category": "voirie", **kept, **fields})


def count(database_url: str) -> int:
    engine = make_engine(database_url)
    with transaction(engine) as session:
        found = session.scalar(select(func.count()).select_from(Signalement)) or 0
    engine.dispose()
    return found


def filed(database_url: str) -> Signalement:
    engine = make_engine(database_url)
    with transaction(engine) as session:
        row = session.scalars(select(Signalement)).one()
    engine.dispose()
    return row


def test_form_when_anonymous_then_offers_no_confidential_category(site: FlaskClient) -> None:
    page = site.get("/signaler").text
    assert 'value="voirie"' in page
    assert 'value="rixe"' not in page


def test_send_when_the_script_gives_a_point_then_receipt(site: FlaskClient, toy_site: str) -> None:
    answer = send(site, **HERE, accuracy_m="12.0", position_method="gps", description=TYPED)
    assert answer.status_code == 303
    receipt = site.get(answer.location)
    assert receipt.status_code == 200
    text = receipt.text.replace("\u202f", " ").replace("\u00a0", " ")
    for words in (filed(toy_site).reference, "Ouestville", "Équipe"):
        assert words in text
    assert "Centre de Ouestville" in text
    assert "Dans le quartier" in text
    assert "&lt;b&gt;devant&lt;/b&gt;" in text
    row = filed(toy_site)
    assert (row.accuracy_m, row.position_method, row.description) == (12.0, "gps", TYPED)


def test_receipt_when_other_browser_then_not_found(site: FlaskClient, app: Any) -> None:
    answer = send(site, **HERE)
    assert app.test_client().get(answer.location).status_code == 404
    assert site.get(answer.location).status_code == 200


def test_send_when_sent_twice_then_filed_once(site: FlaskClient, toy_site: str) -> None:
    client_id = str(uuid4())
    first, second = (send(site, **HERE, client_id=client_id) for _ in range(2))
    assert first.location == second.location
    assert count(toy_site) == 1


@pytest.mark.parametrize(
    "words", ["48.781, 2.299", "48,781 2,299", "2,299 48,781", "48.781° N, 2.299° E"]
)
def test_send_when_coordinates_are_typed_then_found_in_either_order(
    site: FlaskClient, toy_site: str, words: str
) -> None:
    assert send(site, lieu=words).status_code == 303
    row = filed(toy_site)
    assert (row.insee_code, row.position_method) == ("92901", "coordinates")


def test_send_when_everything_is_wrong_then_says_it_all_and_keeps_what_was_typed(
    site: FlaskClient, toy_site: str
) -> None:
    answer = send(site, category="", lieu="", description=TYPED)
    assert answer.status_code == 422
    assert "Choisissez une catégorie" in answer.text
    assert "Dites où c’est" in answer.text
    assert 'href="#lieu"' in answer.text
    assert 'href="#quoi"' in answer.text
    assert "&lt;b&gt;devant&lt;/b&gt;" in answer.text
    assert count(toy_site) == 0


def test_send_when_text_is_too_long_then_keeps_it(site: FlaskClient) -> None:
    answer = send(site, **HERE, description="x" * 2001)
    assert answer.status_code == 422
    assert "Texte trop long" in answer.text
    assert "x" * 2001 in answer.text
    assert "checked" in answer.text


def test_send_when_outside_the_territory_then_says_whom_to_call(
    site: FlaskClient, toy_site: str
) -> None:
    answer = send(site, lon="5.0", lat="45.0", description=TYPED)
    assert answer.status_code == 422
    assert "Déplacez le repère, ou appelez votre mairie." in answer.text
    assert count(toy_site) == 0


def test_send_when_category_is_reserved_then_refused_and_kept(
    site: FlaskClient, toy_site: str
) -> None:
    answer = send(site, **HERE, category="rixe", description=TYPED)
    assert answer.status_code == 403
    assert "réservée aux services" in answer.text
    assert "&lt;b&gt;devant&lt;/b&gt;" in answer.text
    assert count(toy_site) == 0


def test_send_when_somebody_is_in_danger_then_emergency_and_numbers_first(
    site: FlaskClient, toy_site: str
) -> None:
    page = site.get("/signaler").text
    assert all(f'href="tel:{number}"' in page for number in (17, 18, 112))
    receipt = site.get(send(site, **HERE, danger="oui").location).text
    assert filed(toy_site).priority == "emergency"
    assert receipt.index('href="tel:112"') < receipt.index("Envoyé. Référence")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Appelez le 06 12 34 56 78", "On dirait un numéro de téléphone"),
        ("Écrivez à leila@exemple.fr", "On dirait une adresse de courriel"),
        ("La voiture AB-123-CD", "On dirait une plaque"),
    ],
)
def test_send_when_the_text_looks_personal_then_asks_to_confirm_and_keeps_it(
    site: FlaskClient, toy_site: str, text: str, said: str
) -> None:
    asked = send(site, **HERE, description=text)
    assert asked.status_code == 422
    assert said in asked.text
    assert text in asked.text
    assert count(toy_site) == 0
    assert send(site, **HERE, description=text, confirmed="oui").status_code == 303
    assert filed(toy_site).description_hidden


def test_check_when_asked_live_then_says_what_looks_personal(site: FlaskClient) -> None:
    token = hidden(site.get("/signaler").text, "csrf_token")
    for text, said in (("Le 06 12 34 56 78", "téléphone"), ("Un trou de 40 cm", "")):
        answer = site.post("/signaler/verifier", data={"csrf_token": token, "description": text})
        assert answer.json is not None
        assert said in answer.json["message"]
        assert bool(said) == bool(answer.json["message"])


CONTACT = {"contact_email": "leila@exemple.fr", "contact_phone": "06 12 34 56 78"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (CONTACT, "l’accord de la personne"),
        ({"contact_consent": "oui"}, "un e-mail ou un téléphone"),
        ({"contact_email": "leila", "contact_consent": "oui"}, "E-mail illisible"),
        ({"contact_phone": "zéro six", "contact_consent": "oui"}, "Téléphone illisible"),
    ],
)
def test_send_when_contact_is_wrong_or_not_agreed_then_says_so_and_keeps_it(
    site: FlaskClient, toy_site: str, fields: dict[str, str], said: str
) -> None:
    refused = send(site, **HERE, **fields)
    assert refused.status_code == 422
    assert said in refused.text
    assert all(value in refused.text for value in fields.values())
    assert count(toy_site) == 0


def test_send_when_contact_is_agreed_then_kept_and_the_receipt_says_so(
    site: FlaskClient, toy_site: str
) -> None:
    answer = send(site, **HERE, **CONTACT, contact_consent="oui")
    assert "leila@exemple.fr" in site.get(answer.location).text
    engine = make_engine(toy_site)
    with transaction(engine) as session:
        kept = session.scalars(select(Contact)).one()
        assert (kept.email, kept.phone) == ("leila@exemple.fr", "06 12 34 56 78")
    engine.dispose()


def test_send_when_token_is_missing_then_clear_page(site: FlaskClient, toy_site: str) -> None:
    answer = site.post("/signaler", data={"category": "voirie", **HERE})
    assert answer.status_code == 400
    assert "ouverte trop longtemps" in answer.text
    assert count(toy_site) == 0


def test_send_when_numbers_are_nonsense_then_a_message_not_a_fault(site: FlaskClient) -> None:
    for lon, lat in (("nan", "48"), ("1e999", "48"), ("abc", "48"), ("2.3", "9999")):
        assert send(site, lon=lon, lat=lat).status_code == 422


# --- words alone, and a search of addresses that may be down ---


class Addresses(BaseHTTPRequestHandler):
    """A search of addresses that answers what the test says."""

    status = 200
    labels: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Answer addresses in the quarter."""
        features = [
            {
                "geometry": {"coordinates": [IN_QUARTER_WEST.lon, IN_QUARTER_WEST.lat + at / 1e4]},
                "properties": {"label": label, "context": "92"},
            }
            for at, label in enumerate(self.labels)
        ]
        body = json.dumps({"features": features}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def geocoder() -> Iterator[HTTPServer]:
    """Yield a search of addresses on this machine."""
    handler = type("OneTest", (Addresses,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(settings: Settings, geocoder: HTTPServer) -> Settings:
    """Return settings with that search."""
    url = f"http://127.0.0.1:{geocoder.server_port}/search"
    return settings.model_copy(update={"geocoder_url": url})


def test_send_when_one_address_is_found_then_filed_there(
    site: FlaskClient, toy_site: str, geocoder: HTTPServer
) -> None:
    geocoder.RequestHandlerClass.labels = ("2 Rue du Four, Ouestville",)  # type: ignore[attr-defined]
    assert send(site, lieu="2 rue du Four").status_code == 303
    row = filed(toy_site)
    assert (row.address, row.position_method) == ("2 Rue du Four, Ouestville", "address")


def test_send_when_several_addresses_are_found_then_choose_one_without_script(
    site: FlaskClient, toy_site: str, geocoder: HTTPServer
) -> None:
    labels = ("2 Rue du Four, Ouestville", "2 Rue du Four, Estville")
    geocoder.RequestHandlerClass.labels = labels  # type: ignore[attr-defined]
    asked = send(site, lieu="2 rue du Four", description=TYPED)
    assert asked.status_code == 422
    assert "Choisissez le bon" in asked.text
    keys = re.findall(r'name="choix" value="([^"]*)"', asked.text)
    assert len(keys) == 2
    assert send(site, lieu="2 rue du Four", choix=keys[1]).status_code == 303
    assert filed(toy_site).address == labels[1]


def test_send_when_the_search_is_down_then_known_places_or_a_clear_message(
    site: FlaskClient, toy_site: str, geocoder: HTTPServer
) -> None:
    geocoder.RequestHandlerClass.status = 500  # type: ignore[attr-defined]
    engine = make_engine(toy_site)
    with transaction(engine) as session:
        session.add(
            Equipment(
                source="test",
                source_key="1",
                vintage=2024,
                name="Gymnase des Rives",
                theme="sport",
                kind="gymnase",
                insee_code="92901",
                location=f"SRID=4326;POINT({IN_QUARTER_WEST.lon} {IN_QUARTER_WEST.lat})",
            )
        )
    engine.dispose()
    lost = send(site, lieu="12 avenue Inconnue", description=TYPED)
    assert lost.status_code == 422
    assert "La recherche d’adresses ne répond pas" in lost.text
    assert "coordonnées comme 48,7841" in lost.text
    assert "12 avenue Inconnue" in lost.text
    assert send(site, lieu="gymnase des rives").status_code == 303
    assert filed(toy_site).address == "Gymnase des Rives"


def test_send_when_the_name_is_that_of_a_place_put_by_guess_then_it_is_no_position(
    site: FlaskClient, toy_site: str
) -> None:
    engine = make_engine(toy_site)
    with transaction(engine) as session:
        session.add(
            Operation(
                territory_id=session.scalar(select(Territory.id)),
                code="OP-1",
                insee_code="92901",
                title="Halte des Rives",
                theme="social",
                position_quality="approximate",
                location=f"SRID=4326;POINT({IN_QUARTER_WEST.lon} {IN_QUARTER_WEST.lat})",
            )
        )
    assert send(site, lieu="halte des rives", description=TYPED).status_code == 422
    with transaction(engine) as session:
        session.execute(update(Operation).values(position_quality="exact"))
    engine.dispose()
    assert send(site, lieu="halte des rives", description=TYPED).status_code == 303


# --- who will take it, live ---


def test_preview_when_category_is_chosen_then_team_and_date_in_words(site: FlaskClient) -> None:
    answer = site.get("/signaler/lieu", query_string={**HERE, "category": "voirie"})
    said = answer.json
    assert said is not None
    assert said["served"] is True
    assert said["quarter"] == "Dans le quartier"
    assert "Équipe technique-ouest" in said["handling"]


def test_preview_when_near_the_edge_then_says_the_distance(site: FlaskClient) -> None:
    said = site.get("/signaler/lieu", query_string={"lon": "2.296", "lat": "48.781"}).json
    assert said is not None
    assert said["outside"].replace("\u00a0", " ").startswith("Ce lieu est à 147 m du quartier.")


def test_preview_when_outside_then_not_served(site: FlaskClient) -> None:
    said = site.get("/signaler/lieu", query_string={"lon": "5", "lat": "45"}).json
    assert said is not None
    assert said["served"] is False


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?lon=x&lat=48",
        "?lon=2.3&lat=nan",
        "?lon=2.3&lat=99",
        "?lon=2.3&lat=48.78&accuracy_m=nan",
        "?lon=2.3&lat=48.78&accuracy_m=wide",
    ],
)
def test_preview_when_coordinates_are_nonsense_then_400(site: FlaskClient, query: str) -> None:
    assert site.get(f"/signaler/lieu{query}").status_code == 400


def test_preview_when_reported_near_then_shows_it_without_the_hidden_text(
    site: FlaskClient,
) -> None:
    send(site, **HERE, description="Appelez le 06 12 34 56 78", confirmed="oui")
    said = site.get("/signaler/lieu", query_string={**HERE, "category": "voirie"}).json
    assert said is not None
    assert "Déjà signalé tout près" in said["near"]
    assert "/soutien" in said["near"]
    assert "06 12" not in said["near"]
    elsewhere = {"lon": "2.2995", "lat": "48.7815", "category": "voirie"}
    far = site.get("/signaler/lieu", query_string=elsewhere).json
    assert far is not None
    assert far["near"] == ""


def test_send_when_reported_near_then_asks_once_and_keeps_everything(
    site: FlaskClient, toy_site: str
) -> None:
    first = str(uuid4())
    assert send(site, **HERE, client_id=first).status_code == 303
    asked = send(site, **HERE, description=TYPED, danger="oui", **CONTACT, contact_consent="oui")
    assert asked.status_code == 200
    assert "Est-ce le même" in asked.text
    assert count(toy_site) == 1
    kept = {
        name: unescape(value)
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', asked.text)
    }
    assert site.post("/signaler", data=kept).status_code == 303
    assert count(toy_site) == 2
    again = send(site, **HERE, client_id=first)
    assert again.status_code == 303, "what was filed already is not asked about"


def test_send_when_too_many_without_account_then_waits_and_keeps_what_was_typed(
    site: FlaskClient, toy_site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FILING", replace(throttle.FILING, attempts=2))
    assert [send(site, **HERE, near_seen="oui").status_code for _ in range(2)] == [303, 303]
    refused = send(site, **HERE, near_seen="oui", description=TYPED)
    assert refused.status_code == 429
    assert "Renvoyez celui-ci dans une heure" in refused.text.replace("\n", " ")
    assert "&lt;b&gt;devant&lt;/b&gt;" in refused.text
    assert count(toy_site) == 2
