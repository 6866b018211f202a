"""The pages of the guide: found, read, printed, kept, checked by a link; few queries, no leak."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.french import local_date
from qpvmap.core.geo import LonLat
from qpvmap.geocoding import Address
from qpvmap.guide_links import guide_links
from qpvmap.settings import Settings
from qpvmap.storage.models import Equipment, GuideOffer, GuideProposal, GuideStructure
from qpvmap.storage.signalements import point_of
from tests.conftest import QueryCounter
from tests.web.people import add_person, sign_in
from tests.web.test_papers import draw, ink, text_of

HERE = "/coordination/guide"
MAIL = "accueil@structure.example"
M7 = "m7-service-jeunesse"


@pytest.fixture
def engine(app: Any, blagis: str) -> Engine:
    found: Engine = app.extensions["qpvmap"].engine
    return found


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def keeper(client: FlaskClient, engine: Engine) -> FlaskClient:
    return sign_in(client, add_person(engine, Role.COORDINATOR, "coordination"))


def send(client: FlaskClient, path: str, form: str = "", **fields: Any) -> Any:
    """Send the form of a page, with what it holds already and these fields instead."""
    page = client.get(form or path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    hidden = {"csrf_token": token[1] if token else "", "version": version[1] if version else "0"}
    return client.post(path, data={**hidden, **fields})


def structure(db: Session, code: str = M7) -> GuideStructure:
    db.rollback()
    return db.scalars(
        select(GuideStructure)
        .where(GuideStructure.code == code)
        .execution_options(populate_existing=True)
    ).one()


def link_of(settings: Settings, db: Session) -> str:
    row = structure(db)
    row.email = MAIL
    db.commit()
    return f"/guide/verifier/{guide_links(settings).review_token(row.id, MAIL)}"


def names(page: str) -> list[str]:
    return re.findall(r"<h3><a [^>]+>([^<]+)</a></h3>", page)


def test_guide_when_opened_then_all_offers_and_what_is_not_known_is_said(
    client: FlaskClient, blagis: str
) -> None:
    page = client.get("/guide").text
    assert len(names(page)) == 20
    assert "Horaires non précisés" in page
    assert "20 offres ne sont pas sur la carte" in page.replace("\u00a0", " ")
    assert "data-pins-of" not in page and "data-ground-map" not in page  # no map of nothing
    towns = page[page.index("Dans quelle ville") :]
    assert re.search(r'commune=92007">Bagneux</a></span><span class="num">6\xa0offres', towns)
    assert re.search(r"à préciser</span><span [^>]+>12\xa0offres", towns)
    assert len(names(client.get("/guide?commune=92014").text)) == 1 + 12
    assert page.split("<template")[0].count("À vérifier") == 20
    assert 'href="tel:0146641414"' in page


def test_guide_when_words_are_plain_then_found_and_kept_in_the_form(
    client: FlaskClient, blagis: str
) -> None:
    page = client.get("/guide?q=aide+pour+trouver+un+stage").text
    assert names(page)[0] == "Aide aux stages"
    assert 'value="aide pour trouver un stage"' in page
    nothing = client.get("/guide?q=hippopotame<b>").text
    assert "Rien ne répond" in nothing
    assert "<b>" not in nothing.split("Rien ne répond")[1][:60]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("theme=youth", 3),
        ("public=youth&theme=training", 1),
        ("ouvert=now&theme=family", 1),
        ("ouvert=now&theme=youth", 0),
        ("theme=x", 20),
        ("cout=free&theme=housing", 1),
        ("cout=income", 0),
        ("langue=klingon", 20),
    ],
)
def test_guide_when_filtered_then_only_what_fits(
    client: FlaskClient, blagis: str, query: str, count: int
) -> None:
    assert len(names(client.get(f"/guide?{query}").text)) == count


def test_guide_when_read_then_few_queries_whatever_the_number_of_offers(
    client: FlaskClient, engine: Engine, db: Session, count_queries: QueryCounter
) -> None:
    client.get("/guide")
    with count_queries(engine) as few:
        client.get("/guide?q=stage&theme=youth")
    first = structure(db)
    for number in range(200):
        db.add(
            GuideOffer(
                structure_id=first.id, code=f"n{number}", title=f"Stage {number}", theme="youth"
            )
        )
    db.commit()
    with count_queries(engine) as many:
        assert len(names(client.get("/guide?q=stage&theme=youth").text)) == 3
    assert len(many) == len(few) <= 8
    with count_queries(engine) as listed:
        assert len(names(client.get("/guide?theme=youth").text)) == 40
    assert len(listed) <= 6
    last = client.get("/guide?theme=youth&page=99").text
    assert len(names(last)) == 203 - 5 * 40
    assert "Page 6 sur 6" in last
    assert 'href="/guide?page=5&amp;theme=youth"' in last
    with count_queries(engine) as card:
        client.get(f"/guide/{M7}")
    assert len(card) <= 5


def test_guide_when_searched_then_why_each_answers_and_what_was_mistyped_is_said(
    client: FlaskClient, db: Session
) -> None:
    page = unescape(client.get("/guide?q=nounou").text).replace("\u00a0", " ")
    assert "Répond à « crèche » pour « nounou »" in page
    page = unescape(client.get("/guide?q=crehce").text).replace("\u00a0", " ")
    assert "« crehce » n’est pas dans le guide : nous avons cherché « creche »" in page


def test_guide_when_a_language_is_spoken_then_it_is_a_filter(
    client: FlaskClient, db: Session
) -> None:
    assert 'name="langue"' not in client.get("/guide").text
    offer = db.scalars(select(GuideOffer).where(GuideOffer.code == "stages")).one()
    offer.languages = "français, arabe et portugais"
    db.commit()
    page = client.get("/guide?langue=Arabe").text
    assert names(page) == ["Aide aux stages"]
    assert '<option value="Portugais">' in page


def test_pack_when_kept_then_the_same_for_everybody_and_made_again_when_it_changes(
    client: FlaskClient, keeper: FlaskClient, engine: Engine, count_queries: QueryCounter
) -> None:
    first = client.get("/guide/paquet.json")
    assert first.json
    assert len(first.json["offers"]) == 20
    by_name = {offer["name"]: offer for offer in first.json["offers"]}
    justice = by_name["Maison de justice et du droit des Blagis"]
    assert justice["call"] == "0146641414"
    assert "victime" in justice["words"]
    tag = {"If-None-Match": first.headers["ETag"]}
    with count_queries(engine) as asked:
        again = client.get("/guide/paquet.json", headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert len(asked) <= 3
    send(keeper, f"{HERE}/{M7}", name="M7 changé")
    changed = client.get("/guide/paquet.json", headers=tag)
    assert changed.status_code == 200
    assert "M7 changé" in {offer["name"] for offer in changed.json["offers"]}  # type: ignore[index]  # it is there


def test_card_when_opened_then_says_what_is_known(client: FlaskClient, blagis: str) -> None:
    page = client.get("/guide/france-travail").text
    assert 'href="tel:3949"' in page
    assert "À vérifier auprès de la structure" in page
    assert client.get("/guide/france-travail/qr.svg").mimetype == "image/svg+xml"
    assert client.get("/guide/inconnue").status_code == 404


@pytest.mark.parametrize("path", [HERE, f"{HERE}/nouvelle", f"{HERE}/{M7}", f"{HERE}/mots"])
@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.LEAD, Role.ADMIN])
def test_keeping_for_others_is_refused(
    client: FlaskClient, engine: Engine, role: Role, path: str
) -> None:
    sign_in(client, add_person(engine, role))
    assert client.get(path).status_code == 403


def test_keeping_when_a_structure_and_an_offer_are_added_then_in_the_guide(
    keeper: FlaskClient, db: Session
) -> None:
    added = send(
        keeper,
        f"{HERE}/nouvelle",
        name="Halte-garderie Les Lilas",
        insee_code="92032",
        lat="48,7860",
        lon="2,2990",
    )
    assert added.status_code == 303
    code = "halte-garderie-les-lilas"
    offer = send(
        keeper,
        f"{HERE}/{code}/offres/nouvelle",
        title="Accueil à l’heure",
        theme="childcare",
        cost="paid",
        publics=["families"],
        schedule="du lundi au vendredi 8h-18h\r\nsauf du 01/08/2026 au 31/08/2026",
    )
    assert offer.status_code == 303
    page = keeper.get("/guide?q=garde+d’enfant").text
    assert names(page)[0] == "Accueil à l’heure"
    assert 'data-lon="2.299000"' in page
    row = structure(db, code)
    assert (row.position_quality, row.checked_by, row.version) == ("exact", "la coordination", 3)


def test_keeping_when_equipment_bears_the_same_name_then_its_place_is_offered_and_taken(
    keeper: FlaskClient, db: Session
) -> None:
    here = f"{HERE}/csc-jacques-prevert"
    assert "porte un nom proche" not in keeper.get(here).text
    for n, (name, town) in enumerate(
        (("Centre social Jacques Prevert", "92007"), ("Gymnase", "92007"), ("CSC Prévert", "92071"))
    ):
        row = Equipment(
            source="Liste",
            source_key=str(n),
            name=name,
            theme="social",
            kind="social",
            vintage=2026,
        )
        row.insee_code, row.address = town, f"{n} rue Haute"
        row.location = point_of(LonLat(2.3026, 48.7879 + n / 1000))  # type: ignore[assignment]
        db.add(row)
    db.commit()
    page = keeper.get(here).text
    offered = re.findall(r'name="lieu" value="([^"]+)"', page)
    assert offered == ["48.787900;2.302600"] and "data-place-map" in page
    sent = {"name": "CSC Jacques-Prévert", "insee_code": "92007", "version": "1"}
    assert send(keeper, here, **sent, lieu=offered[0]).status_code == 303
    assert structure(db, "csc-jacques-prevert").position_quality == "exact"
    assert 'data-lon="2.302600" data-lat="48.787900"' in keeper.get("/guide").text
    assert "porte un nom proche" not in keeper.get(here).text


@pytest.mark.parametrize(("score", "quality"), [(0.59, "commune"), (0.6, "address")])
def test_keeping_when_the_address_is_not_surely_found_then_not_on_the_map_and_said(
    keeper: FlaskClient,
    db: Session,
    monkeypatch: pytest.MonkeyPatch,
    score: float,
    quality: str,
) -> None:
    found = Address("3 rue Haute", "92220 Bagneux", 2.3026, 48.7879, score)
    monkeypatch.setattr("qpvmap.web.guide_forms.search", lambda *_: [found])
    typed = {"name": "Relais", "insee_code": "92007", "address": "3 rue Haute"}
    page = keeper.get(send(keeper, f"{HERE}/nouvelle", **typed).headers["Location"]).text
    assert ("sera cherchée de nouveau" in page) == (quality == "commune")
    assert structure(db, "relais").position_quality == quality


def test_keeping_when_refused_then_what_was_typed_is_kept(keeper: FlaskClient) -> None:
    refused = send(keeper, f"{HERE}/nouvelle", name="", phone="12", site="x", lat="48.7", lon="")
    assert refused.status_code == 422
    assert "Donnez la latitude et la longitude" in refused.text
    refused = send(keeper, f"{HERE}/nouvelle", name="", phone="12", address="3 rue")
    assert "Numéro illisible" in refused.text
    assert 'value="3 rue"' in refused.text
    offer = send(keeper, f"{HERE}/{M7}/offres/nouvelle", title="X", theme="youth", schedule="hier")
    assert offer.status_code == 422
    assert "Ligne 1" in offer.text
    assert ">hier</textarea>" in offer.text


def test_keeping_when_somebody_was_faster_then_told_and_the_text_is_kept(
    keeper: FlaskClient, db: Session
) -> None:
    row = structure(db)
    row.version = 7
    db.commit()
    stale = send(keeper, f"{HERE}/{M7}", form=f"{HERE}/nouvelle", name="M7", version="1")
    assert stale.status_code == 409
    assert 'value="M7"' in stale.text
    again = send(keeper, f"{HERE}/{M7}", name="M7")
    assert again.status_code == 303


def test_keeping_when_an_offer_is_of_another_structure_then_unknown(
    keeper: FlaskClient, db: Session
) -> None:
    offer = db.scalars(select(GuideOffer).where(GuideOffer.code == "bafa")).one()
    assert keeper.get(f"{HERE}/{M7}/offres/{offer.id}").status_code == 200
    assert keeper.get(f"{HERE}/aspe/offres/{offer.id}").status_code == 404


def test_link_when_all_is_right_then_dated_at_once(
    client: FlaskClient, settings: Settings, db: Session, engine: Engine
) -> None:
    address = link_of(settings, db)
    shown = client.get(address)
    assert "Tout est juste" in shown.text
    assert shown.headers["Cache-Control"] == "private, no-store"
    done = send(client, f"{address}/confirmer", form=address)
    assert "Rendez-vous dans un an" in client.get(done.location).text
    row = structure(db)
    assert row.checked_on == local_date(datetime.now(UTC))
    assert not row.to_check
    assert "par la structure" in client.get(f"/guide/{M7}").text


def test_link_when_corrected_then_waits_for_the_coordination(
    keeper: FlaskClient, settings: Settings, db: Session
) -> None:
    address = link_of(settings, db)
    row = structure(db)
    offer = next(one for one in row.offers if one.code == "stages")
    fields = {"name": row.name, "kind": row.kind, "email": MAIL, "phone": "01 23 45 67 89"}
    own = {"title": "Aide aux stages de 3e", "theme": "youth", "cost": "free", "publics": "youth"}
    sent = send(keeper, address, **fields, **{f"{offer.id}-{k}": v for k, v in own.items()})
    assert sent.status_code == 303
    assert "La coordination les relit" in keeper.get(sent.location).text
    assert "01 23 45 67 89" not in keeper.get(f"/guide/{M7}").text
    waiting = keeper.get(HERE).text
    assert "propose des corrections" in waiting
    assert "Aide aux stages de 3e" in waiting
    proposal = db.scalars(select(GuideProposal)).one()
    again = send(keeper, address, **fields)
    assert again.status_code == 409
    assert 'value="01 23 45 67 89"' in again.text
    done = send(keeper, f"{HERE}/corrections/{proposal.id}/accepter", form=HERE)
    assert done.status_code == 303
    page = keeper.get(f"/guide/{M7}").text
    assert "01 23 45 67 89" in page
    assert "Aide aux stages de 3e" in page


def test_link_when_wrong_cut_or_for_a_former_address_then_said_in_plain_words(
    client: FlaskClient, settings: Settings, db: Session
) -> None:
    address = link_of(settings, db)
    assert client.get(f"{address[:-4]}").status_code == 410
    row = structure(db)
    row.email = "autre@structure.example"
    db.commit()
    dead = client.get(address)
    assert dead.status_code == 410
    assert "Demandez-en un nouveau" in dead.text
    assert MAIL not in dead.text


def test_asking_when_there_is_an_address_then_a_mail_and_else_said(
    keeper: FlaskClient, settings: Settings, db: Session
) -> None:
    refused = send(keeper, f"{HERE}/{M7}/demander", form=f"{HERE}/{M7}")
    assert "n’a pas d’adresse" in keeper.get(refused.location).text
    link_of(settings, db)
    send(keeper, f"{HERE}/{M7}/demander", form=f"{HERE}/{M7}")
    assert structure(db).asked == 1


def test_words_when_written_then_what_is_sought_is_found(keeper: FlaskClient) -> None:
    assert names(keeper.get("/guide?q=zorglub").text) == []
    saved = send(keeper, f"{HERE}/mots", terms="zorglub, BAFA")
    assert saved.status_code == 303
    assert names(keeper.get("/guide?q=zorglub").text) == ["BAFA citoyen"]


def test_booklet_when_printed_then_each_card_is_there_with_its_code(
    client: FlaskClient, db: Session, tmp_path: Path
) -> None:
    row = structure(db)
    row.phone = "01 23 45 67 89"
    db.commit()
    answer = client.get("/guide/livret.pdf")
    assert answer.mimetype == "application/pdf"
    file = tmp_path / "guide.pdf"
    file.write_bytes(answer.data)
    text = " ".join(" ".join(text_of(file)).split())
    titles = [offer.title for offer in db.scalars(select(GuideOffer))]
    assert all(title in text for title in titles)
    assert "01 23 45 67 89" in text
    assert "À vérifier auprès de la structure" in text
    pages = draw(file, "guide-livret")
    assert len(pages) >= 3
    assert all(ink(page) > 0.005 for page in pages)
    assert client.get("/guide/livret.pdf").data == answer.data


def test_booklet_when_of_a_commune_and_a_theme_then_nothing_else(
    client: FlaskClient, blagis: str, tmp_path: Path
) -> None:
    file = tmp_path / "guide.pdf"
    file.write_bytes(client.get("/guide/livret.pdf?commune=92014&theme=employment").data)
    text = " ".join(text_of(file))
    assert "CD Volley Ball 92" in text
    assert "Active Faraide" not in text
    assert "BAFA" not in text


def test_booklet_when_asked_in_large_print_then_larger_and_with_its_contents(
    client: FlaskClient, blagis: str, tmp_path: Path
) -> None:
    page = client.get("/guide?theme=employment").text
    assert 'href="/guide/livret.pdf?taille=grande&amp;theme=employment"' in page
    sizes = {}
    for name, query in (("plain", ""), ("large", "?taille=grande")):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(client.get(f"/guide/livret.pdf{query}").data)
        sizes[name] = len(draw(file, f"guide-{name}"))
        text = " ".join(" ".join(text_of(file)).split())
        assert "Non précisé : quand, où, contact, coût." in text.replace("\u00a0", " ")
        assert re.search(r"Logement ?\.+ ?\d", text), "the contents come first"
    assert sizes["large"] > sizes["plain"]


def test_booklet_when_of_too_many_or_of_none_then_said(
    client: FlaskClient, db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "none.pdf"
    file.write_bytes(client.get("/guide/livret.pdf?theme=leisure").data)
    assert "Aucune offre" in " ".join(text_of(file))
    monkeypatch.setattr("qpvmap.web.guide.MOST_PRINTED", 3)
    answer = client.get("/guide/livret.pdf?theme=employment", follow_redirects=True)
    assert "choisissez une commune ou un thème" in answer.text
    assert "selected>Emploi et insertion" in answer.text


def test_link_when_the_structure_has_closed_then_the_coordination_takes_it_out(
    client: FlaskClient, keeper: FlaskClient, settings: Settings, db: Session
) -> None:
    link = link_of(settings, db)
    sent = send(client, link, name="M7", closes="1")
    assert sent.headers["Location"].endswith("fait=envoye")
    page = keeper.get(HERE).text
    assert "A fermé, ou ne reçoit plus personne" in page
    proposal = db.scalars(select(GuideProposal)).one()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    done = keeper.post(
        f"{HERE}/corrections/{proposal.id}/accepter",
        data={"csrf_token": token[1]},
        follow_redirects=True,
    )
    assert "retirée du guide" in done.text
    assert client.get(f"/guide/{M7}").status_code == 404
    assert client.get(link).status_code == 410


def test_map_when_a_place_is_known_then_the_guide_is_a_layer_with_cards(
    keeper: FlaskClient, db: Session
) -> None:
    send(keeper, f"{HERE}/{M7}", name="M7", lat="48,7879", lon="2,3026")
    layer = keeper.get("/carte/couches/guide.geojson").json
    assert layer
    assert [feature["properties"]["code"] for feature in layer["features"]] == [M7]
    card = keeper.get(f"/carte/fiches/guide/{M7}").text
    assert "Aide aux stages" in card
    assert f'href="/guide/{M7}"' in card
    assert keeper.get("/carte/fiches/guide/aspe").status_code == 404
