"""A mediator's day in a real browser: two taps, no network, and no position that ever leaves."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, Request, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import (
    Initiative,
    InitiativePhoto,
    Presence,
    PresenceStretch,
    Sector,
    Solicitation,
)
from qpvmap.storage.session import make_engine
from tests.browser.conftest import (
    DESKTOP,
    IN_THE_QUARTER,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
    uncovered,
)
from tests.browser.kept import wait_until_kept
from tests.pictures import photo

LEAST_TARGET = 56
NUMBERS_OF_A_PLACE = re.compile(r"48[.,]7\d{2,}|\b2[.,][23]\d{3,}")
"""Any latitude or longitude of the quarter, whatever it is called."""


@dataclass
class Sent:
    """All that left the phone: addresses, headers and bodies."""

    texts: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("request", self._note)

    def _note(self, request: Request) -> None:
        body = (request.post_data_buffer or b"").decode("latin-1")
        self.texts.append(f"{request.url} {request.headers} {body}")

    def places(self) -> list[str]:
        return [text for text in self.texts if NUMBERS_OF_A_PLACE.search(text)]


def rows(url: str) -> dict[str, int]:
    engine = make_engine(url)
    with Session(engine) as session:
        tables = (Presence, PresenceStretch, Solicitation, Initiative, InitiativePhoto)
        found = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }
    engine.dispose()
    return found


def solicit(page: Page, who: str, what: str) -> None:
    """Note a solicitation: two taps."""
    page.locator("label.tile", has_text=re.compile(rf"^\s*{who}")).tap()
    page.get_by_role("button", name=what, exact=True).tap()
    expect(page.get_by_text(f"Noté : {who}, {what}.")).to_be_visible()


def test_day_without_network_when_it_comes_back_then_all_arrives_once_and_no_position_left(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    watch.allow("net::ERR_")
    watch.allow("Failed to (load|fetch)")
    phone = open_page(PHONE, position=IN_THE_QUARTER, accuracy=12, has_touch=True)
    sent = Sent()
    sent.follow(phone.context)
    login(phone, "mediateur")
    wait_until_kept(phone)
    phone.goto("/parcours")
    # the phone tells the sector by itself, and says so
    expect(phone.get_by_text(re.compile(r"Vous semblez être ici.*Côté"))).to_be_visible()
    wait_until_kept(phone, "/parcours", "/parcours/sollicitations", "/parcours/actions/nouvelle")
    shoot(phone, "parcours-phone", full_page=True)
    assert_no_sideways_scroll(phone)
    with uncovered(phone):
        assert_accessible(phone)
    for target in phone.locator(".sector-tiles:visible .tile, .btn-field:visible").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= LEAST_TARGET

    phone.context.set_offline(True)
    before = datetime.now(UTC)
    phone.get_by_role("button", name="Commencer").tap()
    expect(phone.get_by_text("Gardé dans ce téléphone")).to_be_visible()
    expect(phone.get_by_role("button", name="Terminer")).to_be_visible()
    phone.goto("/parcours/sollicitations")
    solicit(phone, "Habitant", "Propreté")
    solicit(phone, "Jeune", "Tranquillité")
    solicit(phone, "Famille", "Logement")
    phone.locator("[data-today] .item", has_text="Famille").get_by_role("button").tap()
    shoot(phone, "parcours-solicit-phone", full_page=True)
    with uncovered(phone):
        assert_accessible(phone)
    phone.goto("/parcours/actions/nouvelle")
    phone.get_by_role("button", name="Enregistrer").tap()
    expect(phone.get_by_text("Choisissez le genre d’action et donnez un titre.")).to_be_visible()
    phone.locator("label.tile", has_text="Opération propreté").tap()
    phone.get_by_label("Titre").fill("Nettoyage du square")
    picture = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(900, 600)}
    phone.locator("[data-photos]").set_input_files([picture, picture])
    expect(phone.get_by_text("2 photos choisies")).to_be_visible()
    with uncovered(phone):
        assert_accessible(phone)
    phone.get_by_role("button", name="Enregistrer").tap()
    expect(phone.get_by_text("L’action et ses photos partiront")).to_be_visible()
    # opened again without network, the page still knows that a round is under way
    phone.goto("/parcours")
    phone.locator("[data-under-way] label.tile", has_text="Hors du quartier").tap()
    phone.get_by_role("button", name="Je suis maintenant ici").tap()
    expect(phone.locator("[data-words-since]")).to_contain_text("Hors du quartier")
    phone.get_by_role("button", name="Terminer").tap()
    expect(phone.get_by_role("button", name="Commencer")).to_be_visible()
    after = datetime.now(UTC)
    assert rows(blagis) == dict.fromkeys(rows(blagis), 0)

    phone.context.set_offline(False)
    phone.goto("/parcours")
    arrived = {
        "presence": 1,
        "presence_stretch": 2,
        "solicitation": 2,
        "initiative": 1,
        "initiative_photo": 2,
    }
    for _ in range(300):
        if rows(blagis) == arrived:
            break
        phone.wait_for_timeout(200)
    expect(phone.locator("#a-envoyer")).to_be_hidden()  # before it was counted, it is too
    assert rows(blagis) == arrived
    engine = make_engine(blagis)
    with Session(engine) as session:
        presence = session.scalars(select(Presence)).one()
        assert before <= presence.started_at <= after
        assert presence.ended_at is not None
        assert presence.ended_at - presence.started_at <= after - before + timedelta(minutes=1)
        sectors = session.scalars(select(Sector.code).join(PresenceStretch)).all()
        assert "hors-quartier" in sectors
        assert session.scalars(select(Solicitation.happened_at)).all() < [after, after]
    engine.dispose()

    assert sum("/parcours/" in text for text in sent.texts) > len(sectors)
    assert sent.places() == []


def test_pages_when_read_at_a_desk_or_without_script_then_work_the_same(
    open_page: OpenPage, blagis: str
) -> None:
    plain = open_page(PHONE, java_script_enabled=False)
    login(plain, "mediateur")
    plain.goto("/parcours")
    plain.locator("[data-start] label.tile", has_text="Côté Sceaux").click()
    plain.get_by_role("button", name="Commencer").click()
    expect(plain.get_by_text("Sortie commencée à")).to_be_visible()
    plain.goto("/parcours/sollicitations")
    plain.locator("label.tile", has_text="Habitant").click()
    plain.get_by_role("button", name="Propreté").click()
    expect(plain.get_by_text("Noté : Habitant, Propreté, répondu.")).to_be_visible()
    plain.goto("/parcours")
    plain.get_by_role("button", name="Terminer").click()
    expect(plain.get_by_text("Sortie terminée à")).to_be_visible()
    desk = open_page(DESKTOP)
    login(desk, "coordinateur")
    for path, name in (("", "home"), ("/historique", "history"), ("/bilan", "figures")):
        desk.goto(f"/parcours{path}")
        shoot(desk, f"parcours-desk-{name}", full_page=True)
        assert_no_sideways_scroll(desk)
        assert_accessible(desk)
    desk.locator("summary", has_text="Comment c’est compté").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("personne ne compte deux fois à la même heure")).to_be_visible()
