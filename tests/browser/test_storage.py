"""A phone that cannot keep what is typed: it is said, nothing typed is lost, and it still goes."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    IN_THE_QUARTER,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    login,
    shoot,
)
from tests.browser.kept import wait_until, wait_until_kept
from tests.browser.test_outbox import chosen, filed
from tests.pictures import photo

SEND = "#suite"
WORDS = "Ce qu’il faut savoir"
PICTURE = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(640, 480)}
NOTHING_KEPT = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, {
    get() { throw new DOMException("The request was denied for this document.", "SecurityError"); },
  });
}
IDBFactory.prototype.open = () => {
  throw new DOMException("access to the Indexed Database API is denied", "SecurityError");
};
"""
ROOM = 8_000_000
FILL = """async () => {
  const database = await new Promise((resolve) => {
    indexedDB.open("qpvmap").onsuccess = ({ target }) => resolve(target.result);
  });
  const put = (size) => new Promise((resolve) => {
    const transaction = database.transaction("notes", "readwrite", { durability: "strict" });
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(size, 65536)));
    const value = Array(Math.ceil(size / 65536)).fill(bytes).map((part) => part.slice());
    transaction.objectStore("notes").put(value, `fill-${Math.random()}`);
    transaction.oncomplete = () => resolve(true);
    transaction.onabort = () => resolve(false);
  });
  for (const size of [1000000, 100000, 10000, 1000, 100, 10]) while (await put(size));
  database.close();
}"""
KEPT_DRAFT = """(text) => new Promise((resolve) => {
  indexedDB.open("qpvmap").onsuccess = ({ target: { result: database } }) => {
    const asked = database.transaction("records").objectStore("records").getAll();
    asked.onsuccess = () => {
      database.close();
      const drafts = asked.result.filter(({ state }) => state === "draft");
      resolve(drafts.some(({ body }) => body.description === text));
    };
  };
})"""


def stranded(page: Page, text: str) -> None:
    """Try to send without network what the phone could not keep either: it stays in the page."""
    page.context.set_offline(True)
    page.locator(SEND).click()
    expect(page.locator("#rien-garde")).to_contain_text("Laissez cette page ouverte")
    expect(page.locator(SEND)).to_have_text("Envoyer")
    expect(page.get_by_label(WORDS)).to_have_value(text)
    page.context.set_offline(False)


def test_quota_when_full_then_it_is_said_and_what_is_typed_goes_when_it_can(
    phone: Page, watch: Watch, blagis: str, server: str
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    tools = phone.context.new_cdp_session(phone)
    origin = {"origin": server}
    tools.send("Storage.overrideQuotaForOrigin", {**origin, "quotaSize": ROOM})
    login(phone, "mediateur")
    phone.goto("/signaler")
    wait_until_kept(phone)
    chosen(phone, "Encombrants", "Un canapé.")
    phone.locator("#photos input[type=file]").set_input_files(PICTURE)
    expect(phone.locator("#photos li")).to_have_count(1)
    wait_until(phone, KEPT_DRAFT, "Un canapé.")

    phone.evaluate(FILL)
    phone.get_by_label(WORDS).fill("Un canapé et deux chaises.")
    expect(phone.locator("#rien-garde")).to_contain_text("La mémoire de ce téléphone est pleine")
    shoot(phone, "garde-plein-phone")
    assert_accessible(phone)
    phone.locator("#photos input[type=file]").set_input_files(PICTURE)
    expect(phone.locator("#photos [role=status]")).to_contain_text("n’a plus de place")
    stranded(phone, "Un canapé et deux chaises.")
    shoot(phone, "garde-rien-phone")
    phone.locator(SEND).click()  # the form goes by itself; the photo kept before follows it
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    tools.send("Storage.overrideQuotaForOrigin", origin)
    phone.reload()
    expect(phone.locator("#photos-envoi [role=status]")).to_have_text("Photo envoyée.")
    for _ in range(50):
        if filed(blagis)[0][5]:
            break
        phone.wait_for_timeout(200)
    assert [row[5] for row in filed(blagis)] == [1]
    phone.goto("/signaler")
    expect(phone.locator("#rien-garde")).to_be_hidden()
    expect(phone.locator("#brouillons")).to_be_hidden()


def test_storage_when_refused_then_the_form_goes_as_it_is(
    open_page: OpenPage, watch: Watch, blagis: str
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    page = open_page(PHONE, position=IN_THE_QUARTER)
    page.context.add_init_script(NOTHING_KEPT)
    login(page, "mediateur")
    page.goto("/signaler")
    expect(page.locator("#rien-garde")).to_contain_text("Ce navigateur ne garde rien")
    chosen(page, "Encombrants", "Un matelas.")
    stranded(page, "Un matelas.")
    page.locator(SEND).click()
    expect(page.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    assert len(filed(blagis)) == 1

    page.goto("/parcours/sollicitations")
    page.locator("label.tile").first.click()
    page.context.set_offline(True)
    page.locator("button[name=theme]").first.click()
    expect(page.locator("#rien-garde")).to_contain_text("Laissez cette page ouverte")
    page.context.set_offline(False)
    page.locator("button[name=theme]").first.click()
    expect(page.get_by_role("status").filter(has_text="Noté")).to_be_visible()


@pytest.mark.parametrize("version", [1, 9])
def test_storage_when_another_version_of_the_site_is_open_then_nothing_typed_is_lost(
    open_page: OpenPage, blagis: str, version: int
) -> None:
    page = open_page(PHONE, position=IN_THE_QUARTER)
    login(page, "mediateur")
    page.goto("/signaler")
    chosen(page, "Encombrants", "Un fauteuil.")
    wait_until(page, KEPT_DRAFT, "Un fauteuil.")
    other = page.context.new_page()
    other.goto("/healthz")
    if version == 1:
        other.evaluate(
            "new Promise((done) => { indexedDB.deleteDatabase('qpvmap').onsuccess = () => {"
            " indexedDB.open('qpvmap', 1).onsuccess = ({target}) => {"
            " window.held = target.result; done(); }; }; })"
        )
    else:
        other.evaluate(
            "(version) => new Promise((done) => {"
            " indexedDB.open('qpvmap', version).onsuccess = ({target}) => {"
            " target.result.close(); done(); }; })",
            version,
        )
    page.get_by_label(WORDS).fill("Un fauteuil et une table.")
    if version == 1:
        expect(page.locator("#rien-garde")).to_contain_text("Fermez les autres pages du site")
        other.close()
        page.get_by_label(WORDS).fill("Un fauteuil, une table.")
        expect(page.locator("#rien-garde")).to_be_hidden()
    page.locator(SEND).click()
    expect(page.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    assert len(filed(blagis)) == 1
