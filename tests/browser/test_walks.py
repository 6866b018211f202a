"""A site walk in a real browser: prepared on a map, walked without network, printed."""

import re
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.walks import BodyCount, BodyKind
from qpvmap.storage.accounts import account_by_email, actor_of
from qpvmap.storage.models import (
    Photo,
    Signalement,
    WalkObservation,
    WalkPhoto,
    WalkPoint,
    WalkStop,
    WalkVisit,
)
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import territory_by_code
from qpvmap.usecases.walk_stops import NewStop, add_stop
from qpvmap.usecases.walks import Details, NewWalk, close_walk, create_walk
from tests.browser.conftest import (
    DESKTOP,
    IN_THE_QUARTER,
    PHONE,
    SCREENSHOTS,
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

STOPS = 12
ITEMS = 6
LEAST_TARGET = 44
DARK = 30
ALL = [STOPS, STOPS * ITEMS, 2, 1, 2, 1, STOPS]
"""Visits, remarks, points, signalements, photos of the walk and of the signalement, stops seen."""
PICTURE = {"name": "photo.jpg", "mimeType": "image/jpeg"}
WORDS = "Deux lampadaires éteints, vus hors connexion."


@pytest.fixture
def walk_id(blagis: str) -> int:
    """Return a walk of twelve stops, prepared by the mediator."""
    return prepared(blagis, "Marche du soir", STOPS)


def prepared(url: str, title: str, stops: int, follows: int | None = None) -> int:
    now, engine = datetime.now(UTC), make_engine(url)
    with transaction(engine) as session:
        account = account_by_email(session, "mediateur@demo.example")
        territory = territory_by_code(session, "blagis")
        assert account is not None
        assert territory is not None
        bodies = [BodyCount(BodyKind.RESIDENTS, "", 5), BodyCount(BodyKind.POLICE, "Police", 1)]
        details = Details(title, now.date(), bodies=bodies)
        asked = NewWalk(uuid4(), "cadre-de-vie", details, follows_id=follows)
        walk = create_walk(session, actor_of(account), territory, asked, now).walk
        for number in range(stops):
            point = LonLat(2.3010 + 0.0004 * number, 48.7866 + 0.0003 * (number % 5))
            stop = NewStop(uuid4(), point, f"Lieu n° {number + 1}")
            add_stop(session, actor_of(account), walk.id, stop, now)
        key = walk.id
    engine.dispose()
    return key


def ended(url: str, walk_id: int) -> None:
    engine = make_engine(url)
    with transaction(engine) as session:
        account = account_by_email(session, "mediateur@demo.example")
        assert account is not None
        close_walk(session, actor_of(account), walk_id, datetime.now(UTC))
    engine.dispose()


def counts(url: str) -> list[int]:
    """Return how many there are of what `ALL` counts."""
    engine = make_engine(url)
    with Session(engine) as session:
        tables = (WalkVisit, WalkObservation, WalkPoint, Signalement, WalkPhoto, Photo)
        found = [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
        seen = session.scalar(select(func.count()).where(WalkStop.seen_at.is_not(None))) or 0
    engine.dispose()
    return [*found, seen]


def current(page: Page) -> str:
    """Return the selector of the one stop that is shown."""
    return ".walk-stop:not([hidden])"


def test_walk_of_twelve_stops_when_without_network_then_all_of_it_arrives_once(
    open_page: OpenPage, blagis: str, walk_id: int, watch: Watch, tmp_path: Path
) -> None:
    watch.allow("net::ERR_")
    watch.allow("Failed to (load|fetch)")
    phone = open_page(PHONE, position=IN_THE_QUARTER, has_touch=True)
    path = f"/parcours/marches/{walk_id}"
    login(phone, "mediateur")
    wait_until_kept(phone)
    phone.goto(path)
    wait_until_kept(phone, path)
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.get_by_role("heading", name="Marche du soir")).to_be_visible()
    shoot(phone, "walk-offline", full_page=True)
    for number in range(1, STOPS + 1):
        three_taps(phone, number)
    expect(phone.get_by_text(f"{STOPS} sur {STOPS}", exact=True)).to_be_visible()
    note_points(phone)
    take_photos(phone)
    end_offline(phone)
    assert counts(blagis) == [0] * len(ALL)
    phone.reload()  # the phone was locked, the page came back
    expect(phone.get_by_text(f"{STOPS} sur {STOPS}", exact=True)).to_be_visible()
    expect(phone.locator("[data-points]")).to_contain_text("À envoyer")
    shoot(phone, "walk-offline-waiting", full_page=True)
    phone.context.set_offline(False)
    wait_for_counts(phone, blagis, ALL)
    read_and_print(phone, path, tmp_path)


def three_taps(phone: Page, number: int) -> None:
    """Say of a stop that all is well but one thing, in three taps."""
    stop = phone.locator(current(phone))
    expect(stop.get_by_role("heading")).to_contain_text(f"Arrêt {number}.")
    for control in (
        stop.get_by_role("button", name="Tout est bon ici"),
        stop.locator("label[data-grade=bad]").nth(number % ITEMS),
        stop.locator(".walk-next"),
    ):
        box = control.bounding_box()
        assert box
        assert box["height"] >= LEAST_TARGET
        control.tap()


def note_points(phone: Page) -> None:
    """Note a defect with its photo, then something that goes well."""
    phone.locator(f"{current(phone)} [data-point-at]").tap()
    form = phone.locator("[data-point] form")
    form.get_by_label("Quoi", exact=True).select_option("eclairage")
    form.get_by_label("En quelques mots").fill(WORDS)
    form.locator("input[type=file]").set_input_files({**PICTURE, "buffer": photo()})
    form.get_by_role("button", name="Garder ce point").tap()
    expect(form.get_by_text("Gardé sur ce téléphone.")).to_be_visible()
    form.locator("label", has_text="Cela va bien").tap()
    form.get_by_label("En quelques mots").fill("Le jardin partagé est très fréquenté.")
    form.get_by_role("button", name="Garder ce point").tap()
    expect(phone.locator("[data-waiting]")).to_have_count(2)


def take_photos(phone: Page) -> None:
    """Take a photo of two stops."""
    for number in (2, 5):
        phone.locator("[data-stopnav] a").nth(number - 1).tap()
        stop = phone.locator(current(phone))
        stop.locator("input[type=file]").set_input_files({**PICTURE, "buffer": photo(400, 300)})
        expect(stop.get_by_text("Photo gardée sur ce téléphone.")).to_be_visible()


def wait_for_counts(phone: Page, url: str, wanted: list[int]) -> None:
    """Wait until all has arrived, then a little more: nothing may come twice."""
    for _ in range(120):
        if counts(url) == wanted:
            break
        phone.wait_for_timeout(500)
    phone.reload()
    phone.wait_for_timeout(1500)
    assert counts(url) == wanted


def end_offline(phone: Page) -> None:
    """Note a decision and the end of the walk, still without network."""
    decisions = phone.locator("[data-decide]")
    decisions.locator("summary").tap()
    decisions.get_by_label("Ce qui est décidé").fill("Remplacer les deux lampes")
    decisions.get_by_label("Qui s’en charge").select_option("ept-eclairage")
    decisions.get_by_label("Pour quand").fill("2026-12-31")
    decisions.get_by_role("button", name="Noter la décision").tap()
    expect(decisions.locator("[data-waiting]")).to_have_count(1)
    phone.get_by_role("button", name="Terminer la marche").tap()
    expect(phone.get_by_text("Fin notée à")).to_be_visible()


def read_and_print(phone: Page, path: str, folder: Path) -> None:
    """Read the report of the walk, which is over, on the page and on paper."""
    phone.goto(path)
    expect(phone).to_have_url(re.compile("/compte-rendu$"))
    expect(phone.get_by_text("Terminée", exact=True)).to_be_visible()
    expect(phone.get_by_role("heading", name="Remplacer les deux lampes")).to_be_visible()
    shoot(phone, "walk-report-phone", full_page=True)
    answer = phone.request.get(f"{path}/compte-rendu.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    file = folder / "walk.pdf"
    file.write_bytes(answer.body())
    said = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True
    ).stdout
    for words in ("Marche du soir", "Remplacer les deux lampes", "Éclairage public", "jardin"):
        assert words in said
    assert all(f"Lieu n° {number}" in said for number in range(1, STOPS + 1))
    assert "12 sur 12" in said
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    subprocess.run(["pdftoppm", "-r", "70", "-png", file, SCREENSHOTS / "walk-paper"], check=True)
    assert len(list(SCREENSHOTS.glob("walk-paper-*.png"))) >= 2


def test_walk_when_nothing_was_planned_then_stops_are_added_on_the_way_without_network(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    watch.allow("net::ERR_")
    watch.allow("Failed to (load|fetch)")
    phone = open_page(PHONE, position=IN_THE_QUARTER, has_touch=True)
    path = f"/parcours/marches/{prepared(blagis, 'Marche improvisée', 0)}"
    login(phone, "mediateur")
    wait_until_kept(phone)
    phone.goto(path)
    wait_until_kept(phone, path)
    phone.context.set_offline(True)
    phone.reload()
    stop_here(phone, "Devant l’école", is_open=True)
    stop = phone.locator(current(phone))
    expect(stop.get_by_role("heading")).to_have_text("Arrêt 1. Devant l’école")
    shoot(phone, "walk-new-stop", full_page=True)
    with uncovered(phone):
        assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    blacken(phone, stop)
    stop_here(phone, "")
    expect(phone.locator(current(phone)).get_by_role("heading")).to_have_text(
        "Arrêt 2. Arrêt ajouté"
    )
    phone.reload()  # the phone was locked, the page came back
    expect(phone.locator("[data-stopnav] a")).to_have_count(2)
    phone.locator("[data-stopnav] a").first.tap()
    expect(stop.get_by_role("heading")).to_have_text("Arrêt 1. Devant l’école")
    three_taps(phone, 1)
    phone.locator("[data-stopnav] a").nth(1).tap()
    phone.locator(f"{current(phone)} [data-point-at]").tap()
    form = phone.locator("[data-point] form")
    form.locator("label", has_text="Cela va bien").tap()
    form.get_by_label("En quelques mots").fill("Le banc a été réparé.")
    form.locator("input[type=file]").set_input_files({**PICTURE, "buffer": photo(400, 300)})
    expect(form.locator(".photos-chosen li")).to_have_count(1)
    form.get_by_role("button", name="Garder ce point").tap()
    expect(form.get_by_text("Gardé sur ce téléphone.")).to_be_visible()
    assert counts(blagis) == [0] * len(ALL)
    phone.context.set_offline(False)
    wait_for_counts(phone, blagis, [1, ITEMS, 1, 0, 2, 0, 1])
    expect(phone.locator("[data-stopnav] a")).to_have_count(2)
    engine = make_engine(blagis)
    with Session(engine) as session:
        taken = session.scalars(select(WalkPhoto).order_by(WalkPhoto.stop_id)).all()
        names = session.scalars(select(WalkStop.label).order_by(WalkStop.position)).all()
    engine.dispose()
    assert names[0] == "Devant l’école"
    assert names[1] not in ("", "Arrêt ajouté")  # called by what is nearest
    picture = Image.open(
        BytesIO(phone.request.get(f"/parcours/marches/photos/{taken[0].id}/full.webp").body())
    ).convert("RGB")
    middle = picture.getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(middle, tuple)
    assert max(middle) < DARK

    # what needs the network says what does not
    wait_until_kept(phone)
    phone.context.set_offline(True)
    phone.goto("/corbeille")
    expect(phone.get_by_role("heading", name="S’ouvre aussi sans réseau")).to_be_visible()
    shoot(phone, "hors-ligne-pages")
    assert_accessible(phone)
    phone.get_by_role("link", name="Marche improvisée").tap()
    expect(phone.get_by_role("heading", name="Marche improvisée")).to_be_visible()


def stop_here(phone: Page, name: str, *, is_open: bool = False) -> None:
    """Add a stop where the phone stands."""
    box = phone.locator("[data-new-stop]")
    if not is_open:
        box.locator("summary").tap()
    expect(box.get_by_text("À votre position, à 8 m près.")).to_be_visible()
    box.get_by_label("Nom de l’arrêt").fill(name)
    box.get_by_role("button", name="Ajouter cet arrêt").tap()


def blacken(phone: Page, stop: Locator) -> None:
    """Take a photo of a stop, and black out its middle before it leaves the phone."""
    stop.locator("input[type=file]").set_input_files({**PICTURE, "buffer": photo(400, 300)})
    stop.get_by_role("button", name="Masquer un visage").tap()
    phone.get_by_role("application", name="Photo à masquer").focus()
    phone.keyboard.press("ArrowLeft")
    phone.keyboard.press("ArrowRight")
    phone.keyboard.press("Enter")
    phone.get_by_role("button", name="Masquer pour de bon").tap()
    expect(phone.get_by_role("dialog")).to_be_hidden()


def test_pages_when_looked_at_on_both_screens_then_are_accessible(
    open_page: OpenPage, blagis: str, walk_id: int
) -> None:
    ended(blagis, walk_id)
    again = prepared(blagis, "Six mois après", 0, follows=walk_id)
    paths = {
        "list": "/parcours/marches",
        "new": f"/parcours/marches/nouvelle?suite={walk_id}",
        "prepare": f"/parcours/marches/{again}/preparer",
        "field": f"/parcours/marches/{again}",
        "report": f"/parcours/marches/{walk_id}/compte-rendu",
        "compare": f"/parcours/marches/{again}/comparer",
    }
    for size, words in ((PHONE, "phone"), (DESKTOP, "desk")):
        page = open_page(size)
        login(page, "coordinateur")
        for name, path in paths.items():
            page.goto(path)
            page.wait_for_load_state("networkidle")
            shoot(page, f"walk-{name}-{words}", full_page=True)
            assert_no_sideways_scroll(page)
            with uncovered(page):
                assert_accessible(page)


def test_prepare_when_the_map_is_tapped_then_a_stop_is_there(desktop: Page, blagis: str) -> None:
    login(desktop, "coordinateur")
    desktop.goto("/parcours/marches/nouvelle")
    desktop.get_by_label("Titre").fill("Autour de la gare")
    desktop.get_by_label("Habitantes et habitants").fill("4")
    desktop.get_by_role("button", name=re.compile("Continuer")).click()
    frame = desktop.locator("[data-walk-map]")
    expect(frame.get_by_role("button", name="Zoomer", exact=True)).to_be_visible()
    for number in (1, 2):
        frame.click(position={"x": 150 + 60 * number, "y": 200})
        expect(desktop.get_by_text("Repère posé.")).to_be_visible()
        desktop.get_by_role("button", name="Ajouter cet arrêt").click()
        expect(desktop.get_by_text(f"Arrêt {number} ajouté.")).to_be_visible()
    desktop.get_by_role("button", name="Tracer le parcours").click()
    for x in (180, 240, 300):
        frame.click(position={"x": x, "y": 260})
    desktop.get_by_role("button", name="Enregistrer le tracé").click()
    expect(desktop.get_by_text("dessiné à la main")).to_be_visible()
    expect(desktop.locator(".m-route").first).to_be_attached()
