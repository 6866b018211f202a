"""Two people with one phone, sixty drafts, what cameras give: a record leaves as its author's."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.photos import Size
from qpvmap.settings import Settings
from qpvmap.storage.files import open_files, photo_path
from qpvmap.storage.models import Account, Photo, Signalement
from qpvmap.storage.session import make_engine
from tests.browser.conftest import (
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.kept import wait_until_kept
from tests.browser.test_outbox import SEND, chosen
from tests.pictures import HEIC, exif

LARGE = (4000, 3000)
LONGEST = 2048
DRAFTS = 60
LEAST_TARGET = 44
NARROW = ViewportSize(width=320, height=640)
"""A page of 1280 px at 400 %, or of 640 px at 200 %: what must still reflow."""
MAKE_DRAFTS = """(many) => new Promise((resolve) => {
  indexedDB.open("qpvmap").onsuccess = ({ target: { result: database } }) => {
    const transaction = database.transaction("records", "readwrite");
    for (let at = 0; at < many; at++) transaction.objectStore("records").put({
      id: crypto.randomUUID(), kind: "signalement", url: "/envois/signalements", needs: [],
      body: { category: "voirie", description: "Un trou." }, state: "draft", tries: 0, fields: {},
      label: `Voirie et trottoir, rue Jean-Longuet, numéro ${at + 1}`, next_try_at: 0,
      last_error: "", person: document.body.dataset.person,
      created_at: new Date(Date.now() - at * 3600000).toISOString(),
    });
    transaction.oncomplete = () => { database.close(); resolve(); };
  };
})"""


def from_a_camera() -> bytes:
    """Return a photo of twelve million pixels, held sideways, that says where it was taken."""
    held = BytesIO()
    Image.new("RGB", LARGE, (120, 90, 60)).save(held, "JPEG", exif=exif(6))
    return held.getvalue()


def authors(url: str) -> list[str]:
    """Return by whom each signalement was filed."""
    engine = make_engine(url)
    with Session(engine) as session:
        found = session.scalars(
            select(Account.email)
            .join(Signalement, Signalement.reporter_id == Account.id)
            .order_by(Signalement.id)
        ).all()
    engine.dispose()
    return [email.split("@")[0] for email in found]


def sign_out(page: Page, *, leaving: str) -> None:
    """Leave, though the phone says what it still holds."""
    page.locator("form[action='/deconnexion']").first.evaluate("(form) => form.requestSubmit()")
    expect(page.get_by_role("dialog")).to_contain_text(leaving)
    page.get_by_role("button", name="Partir quand même").click()
    page.wait_for_url(lambda url: "/compte" not in url)


def test_phone_when_two_people_share_it_then_each_record_leaves_as_its_authors(
    phone: Page, watch: Watch, blagis: str, settings: Settings
) -> None:
    # the network is cut, which the service worker tells as a failure; the session ends (401)
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of (401|404)")
    login(phone, "mediateur")
    phone.goto("/signaler")
    wait_until_kept(phone)
    phone.context.set_offline(True)
    phone.goto("/signaler")
    chosen(phone, "Encombrants", "Le mien.")
    photos = phone.locator("#photos")
    bad = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8 not a photo"}
    photos.locator("input[type=file]").set_input_files([bad])
    expect(photos.get_by_role("status")).to_contain_text("n’est pas une photo lisible")
    expect(phone.get_by_label("Ce qu’il faut savoir")).to_have_value("Le mien.")
    good = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": from_a_camera()}
    apple = {"name": "IMG_2.heic", "mimeType": "image/heic", "buffer": HEIC}
    for count, file in enumerate((good, apple), start=1):
        photos.locator("input[type=file]").set_input_files([file])
        expect(photos.locator("li")).to_have_count(count)
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_have_text("Gardé dans ce téléphone")

    # the session ends in the pocket; a colleague signs in on the same phone
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.goto("/envois")
    login(phone, "agent.bagneux")
    phone.goto("/envois")
    expect(phone.locator("#envois-autre")).to_contain_text("3 envois d’une autre personne")
    expect(phone.locator(".outbox-row")).to_have_count(0)
    expect(phone.get_by_text("Le mien.")).to_have_count(0)
    wait_until_kept(phone)
    phone.context.set_offline(True)
    phone.goto("/signaler")
    chosen(phone, "Encombrants", "Le sien.")
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_have_text("Gardé dans ce téléphone")
    phone.context.set_offline(False)
    phone.goto("/envois")
    expect(phone.locator("[data-group=sent] .outbox-row")).to_have_count(1)
    assert authors(blagis) == ["agent.bagneux"]

    phone.context.clear_cookies()
    login(phone, "mediateur")
    phone.goto("/envois")
    expect(phone.locator("[data-group=sent] .outbox-row")).to_have_count(1)
    expect(phone.locator("#a-envoyer")).to_be_hidden()
    assert authors(blagis) == ["agent.bagneux", "mediateur"]
    engine = make_engine(blagis)
    with Session(engine) as session:
        keys = session.scalars(select(Photo.key).order_by(Photo.id)).all()
    engine.dispose()
    contents = [open_files(settings).get(photo_path(key, Size.FULL)) or b"" for key in keys]
    pictures = [Image.open(BytesIO(content)) for content in contents]
    assert len(pictures) == 2
    assert max(pictures[0].size) == LONGEST
    assert pictures[0].height > pictures[0].width  # upright, though it was held sideways
    for content, picture in zip(contents, pictures, strict=True):
        assert not picture.getexif()
        assert b"Marque-du-telephone" not in content
        assert b"GPS" not in content


NOT_KEPT_YET = """async () => {
  for (const name of await caches.keys()) {
    const pages = await caches.open(name);
    for (const one of await pages.keys()) if (/personne=/.test(one.url)) await pages.delete(one);
  }
}"""


def file_offline(page: Page, text: str) -> None:
    chosen(page, "Encombrants", text)
    page.locator(SEND).click()
    expect(page.locator("h1")).to_have_text("Gardé dans ce téléphone")


def test_sign_in_when_the_network_goes_at_once_then_a_report_is_of_who_is_here(
    phone: Page, watch: Watch, blagis: str
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    phone.goto("/signaler")
    wait_until_kept(phone)

    # signed in, and cut before the pages of who signed in were fetched
    login(phone, "mediateur")
    phone.context.set_offline(True)
    phone.evaluate(NOT_KEPT_YET)
    phone.goto("/signaler")
    expect(phone.get_by_text("partira à votre nom")).to_be_visible()
    shoot(phone, "signaler-a-votre-nom-phone")
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    file_offline(phone, "Le mien.")
    phone.context.set_offline(False)
    phone.goto("/envois")
    expect(phone.get_by_text("partira à votre nom")).to_be_hidden()
    expect(phone.locator("[data-group=sent] .outbox-row")).to_have_count(1)
    assert authors(blagis) == ["mediateur"]

    # signed out, and cut at once: nobody's page, without what only a mediator may file
    wait_until_kept(phone)
    phone.goto("/signaler#quoi")
    expect(phone.locator("[data-nature=tranquillite]").first).to_be_attached()
    phone.goto("/compte")
    phone.locator("form[action='/deconnexion']").first.evaluate("(form) => form.submit()")
    phone.wait_for_url(lambda url: "/compte" not in url)
    phone.context.set_offline(True)
    phone.goto("/signaler#quoi")
    expect(phone.locator("[data-nature=tranquillite]")).to_have_count(0)
    expect(phone.locator(":is(#a-votre-nom, #sans-nom):visible")).to_have_count(0)
    phone.context.set_offline(False)

    # cut while signing in: nobody knows how it ended, and the page says whose the report is
    phone.goto("/connexion")
    phone.locator("input[name=email]").fill("mediateur@demo.example")
    phone.locator("input[name=password]").fill("mauvais")
    phone.context.set_offline(True)
    phone.locator("input[name=password]").press("Enter")
    phone.wait_for_url("chrome-error://**")
    phone.goto("/signaler")
    expect(phone.get_by_text("partira sans compte")).to_be_visible()
    shoot(phone, "signaler-sans-nom-phone")
    file_offline(phone, "À personne.")
    phone.context.set_offline(False)
    login(phone, "agent.bagneux")
    phone.goto("/envois")
    expect(phone.locator("[data-group=sent] .outbox-row")).to_have_count(1)
    engine = make_engine(blagis)
    with Session(engine) as session:
        rows = select(Signalement.reporter_id).where(Signalement.description == "À personne.")
        assert session.scalars(rows).all() == [None]
    engine.dispose()


def test_drafts_when_there_are_sixty_then_each_can_be_reached_and_leaving_warns(
    phone: Page, watch: Watch
) -> None:
    login(phone, "mediateur")
    phone.goto("/envois")
    wait_until_kept(phone)
    phone.evaluate(MAKE_DRAFTS, DRAFTS)
    phone.reload()
    rows = phone.locator("[data-group=draft] .outbox-row")
    expect(rows).to_have_count(DRAFTS)
    expect(phone.locator("[data-group=draft] [data-n]")).to_have_text(str(DRAFTS))
    assert_accessible(phone)
    for target in rows.first.locator(":is(a, button):visible").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= LEAST_TARGET
    shoot(phone, "envois-soixante-phone")
    before = phone.viewport_size
    assert before
    phone.set_viewport_size(NARROW)
    assert_no_sideways_scroll(phone)
    phone.set_viewport_size(before)
    last = rows.last
    last.get_by_role("link", name="Reprendre").click()
    expect(phone.get_by_text("Votre signalement commencé est repris.")).to_be_visible()
    phone.goto("/signaler")
    expect(phone.locator("#brouillons, #brouillon").first).to_be_attached()
    phone.goto("/compte")
    sign_out(phone, leaving=f"{DRAFTS} signalements")
