"""Filing with real clicks: on a phone, with every kind of position, and without any script."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from qpvmap.resources import static_imports
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.filed import file

SEND = "#suite"
CENTRE_IS_BLACK = """(image) => {
  if (!image.complete || !image.naturalWidth) return false;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  pen.drawImage(image, image.naturalWidth / 2, image.naturalHeight / 2, 1, 1, 0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data.slice(0, 3).every((part) => part < 40);
}"""

LOADED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType(
  "resource")].map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])"""
# What a browser asks at once of a site without HTTP/2: one more waits for a whole round trip.
CONNECTIONS = 6


def test_first_visit_then_all_that_it_needs_is_asked_for_at_once_and_light(
    open_page: OpenPage,
) -> None:
    page = open_page(PHONE, service_workers="block")
    answer = page.goto("/signaler")
    assert answer is not None
    html = answer.text()
    page.wait_for_function("() => document.getElementById('signaler')?.dataset.step")
    page.wait_for_load_state("networkidle")
    loaded = dict(page.evaluate(LOADED))
    assert all(loaded.values()), loaded
    files = {path: size for path, size in loaded.items() if path.endswith((".css", ".js"))}
    needed = {path: size for path, size in files.items() if path in html and "/map-" not in path}
    assert {name.split("/")[-1].split("-")[0] for name in needed} >= {"app", "common", "report"}
    assert len(needed) <= CONNECTIONS, needed
    assert all(name in html for name in static_imports()["report.js"])  # none is found later
    assert loaded["/signaler"] + sum(needed.values()) < 36_000, needed
    of_the_map = files.keys() - needed.keys()
    assert sum(size for path, size in loaded.items() if path not in of_the_map) < 120_000, loaded


def test_mediator_on_a_phone_when_position_is_good_then_files_in_three_steps(phone: Page) -> None:
    login(phone, "mediateur")
    phone.goto("/signaler")
    expect(phone.locator("#position")).to_contain_text("Position à 8 m près")
    expect(phone.locator("#quartier")).to_contain_text("Dans le quartier")
    shoot(phone, "signaler-ou-phone")
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.locator(SEND).click()
    phone.locator(".tile", has_text="Encombrants").click()
    expect(phone.locator("#qui-mots")).to_contain_text("Propreté et déchets")
    shoot(phone, "signaler-quoi-phone")
    assert_accessible(phone)
    phone.locator(SEND).click()
    phone.get_by_label("Ce qu’il faut savoir").fill("Deux canapés devant le hall.")
    shoot(phone, "signaler-preuve-phone")
    assert_accessible(phone)
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    for words in ("Propreté et déchets", "Commune", "Secteur", "Dans le quartier"):
        expect(phone.locator("main")).to_contain_text(words)
    shoot(phone, "signaler-envoye-phone", full_page=True)
    assert_accessible(phone)
    phone.reload()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    assert phone.evaluate("localStorage.getItem('qpvmap.brouillon')") is None


def test_position_when_poor_then_waits_and_says_so_and_lets_go(open_page: OpenPage) -> None:
    page = open_page(PHONE, position={"longitude": 2.3025, "latitude": 48.7878}, accuracy=60)
    page.goto("/signaler")
    expect(page.locator("#position")).to_contain_text("Position à 60 m près")
    page.locator(SEND).click()
    expect(page.locator("#quoi h2")).to_be_focused()
    assert page.locator("input[name=accuracy_m]").input_value() == "60.0"


def test_position_when_it_gets_better_then_disc_and_words_follow(open_page: OpenPage) -> None:
    page = open_page(PHONE, position={"longitude": 2.3025, "latitude": 48.7878}, accuracy=60)
    page.goto("/signaler")
    expect(page.locator("#position")).to_contain_text("Nous attendons mieux")
    page.context.set_geolocation({"longitude": 2.3026, "latitude": 48.7878, "accuracy": 9})
    expect(page.locator("#position")).to_contain_text("Position à 9 m près.")
    expect(page.locator("input[name=lon]")).to_have_value("2.302600")


def test_position_when_refused_then_pin_moves_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/signaler")
    expect(page.locator("#position")).to_contain_text("ne donne pas sa position")
    pin = page.get_by_role("button", name="Repère du signalement")
    pin.focus()
    pin.press("ArrowUp")
    expect(page.locator("#position")).to_contain_text("Repère placé à la main")
    first = float(page.locator("input[name=lat]").input_value())
    pin.press("Shift+ArrowUp")
    moved = (float(page.locator("input[name=lat]").input_value()) - first) * 111_320
    assert 9.5 < moved < 10.5
    shoot(page, "signaler-ou-desktop")
    assert_accessible(page)


def test_pin_when_dragged_with_the_mouse_then_the_place_is_said_inside_and_out(
    open_page: OpenPage,
) -> None:
    page = open_page(DESKTOP, position={"longitude": 2.3025, "latitude": 48.7878}, accuracy=8)
    page.goto("/signaler")
    expect(page.locator("#quartier")).to_have_text("Dans le quartier")
    expect(page.locator("#quartier")).to_have_class(re.compile("is-brand"))
    drag(page, 250, 0)
    expect(page.locator("#position")).to_contain_text("Repère placé à la main")
    expect(page.locator("#quartier")).to_have_text(re.compile(r"^À \d+\sm du quartier$"))
    expect(page.locator("#quartier")).to_have_class(re.compile("is-plain"))
    expect(page.locator("#dehors")).to_contain_text("Le signalement part quand même")
    expect(page.locator("input[name=position_method]")).to_have_value("pin")
    expect(page.locator("input[name=accuracy_m]")).to_have_value("")
    drag(page, -250, 0)
    expect(page.locator("#quartier")).to_have_text("Dans le quartier")
    expect(page.locator("#dehors")).to_be_hidden()


def drag(page: Page, east: float, south: float) -> None:
    """Take the pin with the mouse and drop it some pixels further."""
    box = page.get_by_role("button", name="Repère du signalement").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + east, y + south, steps=8)
    page.mouse.up()


def test_address_when_typed_then_suggestions_take_the_keyboard(open_page: OpenPage) -> None:
    page = open_page(PHONE)
    page.goto("/signaler")
    field = page.get_by_role("combobox", name="Adresse ou lieu")
    field.press_sequentially("mairie de sceaux", delay=10)
    expect(page.get_by_role("option").first).to_be_visible()
    assert_accessible(page)
    shoot(page, "signaler-adresse-phone")
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.locator("#position")).to_contain_text("Repère placé à cette adresse")
    expect(page.locator("input[name=position_method]")).to_have_value("address")
    page.locator(SEND).click()
    expect(page.locator("#quoi")).to_be_visible()


def test_steps_when_category_is_missing_then_says_why(phone: Page) -> None:
    phone.goto("/signaler#quoi")
    phone.locator(SEND).click()
    expect(phone.locator("#categorie-manque")).to_contain_text("Choisissez une catégorie")
    expect(phone.locator("#quoi")).to_be_visible()
    phone.get_by_text("Toutes les catégories").click()
    expect(phone.locator(".tile", has_text="Accessibilité")).to_be_visible()
    expect(phone.locator(".tile", has_text="Rixe")).to_have_count(0)
    assert_no_sideways_scroll(phone)


def test_address_search_when_down_then_says_so_in_words(open_page: OpenPage) -> None:
    page = open_page(PHONE)
    down = '{"results": [], "note": "", "trouble": "La recherche d’adresses ne répond pas."}'
    page.route("**/lieux?*", lambda route: route.fulfill(body=down, content_type="text/json"))
    page.goto("/signaler")
    page.get_by_role("combobox", name="Adresse ou lieu").press_sequentially("rue des aulnes")
    expect(page.locator("#position")).to_contain_text("La recherche d’adresses ne répond pas.")
    expect(page.locator("#position")).to_contain_text("Placez le repère sur la carte")


def test_place_when_out_of_the_territory_then_a_way_back_to_the_quarter(
    open_page: OpenPage,
) -> None:
    page = open_page(PHONE, position={"longitude": 2.40, "latitude": 48.85})
    page.goto("/signaler")
    page.get_by_role("button", name="Revenir au quartier").click()
    expect(page.locator("input[name=lon]")).to_have_value("")
    expect(page.locator("#hors")).to_be_hidden()
    page.locator(SEND).click()
    expect(page.locator("#hors")).to_contain_text("Placez le repère")
    assert_accessible(page)
    page.locator("#carte").click(position={"x": 60, "y": 60})
    expect(page.locator("#quartier")).to_be_visible()
    expect(page.get_by_role("button", name="Revenir au quartier")).to_be_hidden()


def test_confidential_when_chosen_then_marked_and_its_notice_in_sight(phone: Page) -> None:
    login(phone, "mediateur")
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    phone.locator(SEND).click()
    first = phone.locator(".tiles").first
    for words in ("épave", "abords d’immeuble"):
        expect(first).to_contain_text(words)
    phone.get_by_text("Toutes les catégories").click()
    tile = phone.locator(".tile", has_text="Rixe")
    expect(tile).to_contain_text("Confidentiel")
    tile.click()
    expect(phone.locator("#confidentiel")).to_be_in_viewport(ratio=0.9)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)


def test_place_when_others_reported_near_then_small_pins_show_them(
    phone: Page, blagis: str
) -> None:
    file(blagis, datetime.now(UTC), "voirie", lon=2.30260, lat=48.78790)
    file(blagis, datetime.now(UTC), "rixe", lon=2.30240, lat=48.78790)
    phone.goto("/signaler")
    expect(phone.locator("#carte .leaflet-marker-pane .m-pin")).to_have_count(1)


def test_steps_when_text_is_twice_as_large_then_nothing_is_cut(phone: Page) -> None:
    phone.goto("/signaler")
    phone.evaluate("document.documentElement.style.fontSize = '200%'")
    assert_no_sideways_scroll(phone)
    assert phone.locator(SEND).evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_steps_when_going_back_then_one_step_at_a_time(phone: Page) -> None:
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    phone.locator(SEND).click()
    expect(phone.locator("#quoi")).to_be_visible()
    phone.go_back()
    expect(phone.locator("#ou")).to_be_visible()


def test_network_when_lost_then_kept_and_sent_later(phone: Page, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    phone.locator(SEND).click()
    phone.locator(".tile", has_text="Voirie").click()
    phone.locator(SEND).click()
    phone.get_by_label("Ce qu’il faut savoir").fill("Un trou, appelez le 06 12 34 56 78.")
    expect(phone.locator("#discretion")).to_contain_text("On dirait un numéro de téléphone")
    phone.locator(SEND).click()
    expect(phone.get_by_label("Envoyer ainsi")).to_be_focused()
    shoot(phone, "signaler-discretion-phone")
    assert_accessible(phone)
    phone.get_by_label("Envoyer ainsi").check()
    phone.context.set_offline(True)
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_have_text("Gardé dans ce téléphone")
    expect(phone.locator("#hors-reseau")).to_be_visible()
    shoot(phone, "signaler-garde-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.context.set_offline(False)
    expect(phone.locator("#a-envoyer")).to_be_hidden()
    phone.goto("/envois")
    expect(phone.locator("[data-group=sent]")).to_contain_text("BL-")
    expect(phone.locator("[data-group=sent]")).to_contain_text("Le texte sera relu")


def test_draft_when_left_for_another_then_both_are_kept_and_reopened(phone: Page) -> None:
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    phone.locator(SEND).click()
    phone.locator(".tile", has_text="Voirie").click()
    phone.locator(SEND).click()
    phone.get_by_label("Ce qu’il faut savoir").fill("Un trou.")
    phone.reload()
    expect(phone.get_by_label("Ce qu’il faut savoir")).to_have_value("Un trou.")
    phone.get_by_role("button", name="Le garder, en faire un autre").click()
    expect(phone.locator("#brouillons")).to_contain_text("1 brouillon vous attend.")
    shoot(phone, "signaler-brouillon-phone")
    assert_accessible(phone)
    place = [phone.locator(f"input[name={name}]").input_value() for name in ("lon", "lat")]
    phone.context.set_geolocation({"longitude": 2.31, "latitude": 48.79, "accuracy": 5})
    phone.get_by_role("link", name="Reprendre").click()
    expect(phone.locator("#brouillon")).to_be_visible()
    assert [phone.locator(f"input[name={name}]").input_value() for name in ("lon", "lat")] == place
    phone.goto("/envois")
    expect(phone.locator("[data-group=draft] .outbox-row")).to_have_count(1)


def chosen(page: Page, category: str) -> None:
    """Go to the second step, where the phone stands, and choose a category."""
    page.goto("/signaler")
    expect(page.locator("#quartier")).to_be_visible()
    page.locator(SEND).click()
    page.locator(".tile", has_text=category).click()


def test_danger_when_ticked_then_numbers_come_first_and_it_is_an_emergency(phone: Page) -> None:
    chosen(phone, "Voirie")
    expect(phone.get_by_role("link", name="112 Urgences")).to_be_hidden()
    phone.get_by_label("Oui, quelqu’un est en danger").check()
    expect(phone.get_by_role("link", name="112 Urgences")).to_be_visible()
    shoot(phone, "signaler-danger-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.locator(SEND).click()
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    expect(phone.get_by_text("Urgence", exact=True)).to_be_visible()
    shoot(phone, "signaler-danger-envoye-phone", full_page=True)
    assert_accessible(phone)
    # the next time a tap on a category goes on by itself: it is still asked before sending
    phone.goto("/signaler")
    expect(phone.locator("#quoi h2")).to_be_visible()
    phone.locator(".tile", has_text="Tags").click()
    expect(phone.locator("#preuve h2")).to_be_visible()
    expect(phone.get_by_label("Oui, quelqu’un est en danger")).to_be_visible()


def wait_until_black(page: Page) -> None:
    """Wait until the first photo shows what was blackened at its centre."""
    for _ in range(50):
        if page.locator("#photos img").first.evaluate(CENTRE_IS_BLACK):
            return
        page.wait_for_timeout(100)
    pytest.fail("the photo shown is not blackened")


def test_photos_when_chosen_then_kept_through_a_lost_network_and_sent_once_each(
    phone: Page, watch: Watch, tmp_path: Path, blagis: str
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    chosen(phone, "Voirie")
    phone.locator(SEND).click()
    paths = [tmp_path / f"photo{at}.jpg" for at in range(3)]
    for at, path in enumerate(paths):
        Image.new("RGB", (3000, 2000), (60 * at, 120, 90)).save(path, "JPEG")
    phone.locator("#photos input[type=file]").set_input_files(paths)
    expect(phone.locator("#photos li")).to_have_count(3)
    assert phone.locator("#photos li img").first.evaluate("(i) => i.naturalWidth") == 2048
    phone.get_by_role("button", name="Retirer 3").click()
    expect(phone.locator("#photos li")).to_have_count(2)
    phone.get_by_role("button", name="Masquer un visage 1").click()
    phone.locator("#photos").page.locator("dialog canvas").click()
    shoot(phone, "signaler-masquer-phone")
    phone.get_by_role("button", name="Masquer pour de bon").click()
    expect(phone.locator("dialog")).to_have_count(0)
    wait_until_black(phone)
    shoot(phone, "signaler-photos-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.reload()
    expect(phone.locator("#photos li")).to_have_count(2)
    wait_until_black(phone)
    phone.context.route("**/photos", lambda route: route.abort("internetdisconnected"))
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    expect(phone.locator("#photos-envoi")).to_contain_text("2 à renvoyer")
    shoot(phone, "signaler-photos-restees-phone", full_page=True)
    phone.reload()
    expect(phone.locator("#photos-envoi")).to_contain_text("2 à renvoyer")
    phone.context.unroute("**/photos")
    phone.get_by_role("button", name="Réessayer").click()
    expect(phone.locator("#photos-envoi")).to_contain_text("2 photos envoyées")
    shoot(phone, "signaler-photos-parties-phone", full_page=True)
    assert_accessible(phone)
    phone.reload()
    expect(phone.locator("#photos-envoi")).to_be_hidden()
    expect(phone.locator("#photos .photo")).to_have_count(2)
    for picture in phone.locator("#photos .photo img").all():
        picture.scroll_into_view_if_needed()
    centres = phone.locator("#photos .photo img").evaluate_all(
        f"(all) => all.map({CENTRE_IS_BLACK})"
    )
    assert sorted(centres) == [False, True]


def test_contact_when_given_with_consent_then_on_the_receipt(phone: Page) -> None:
    chosen(phone, "Voirie")
    phone.locator(SEND).click()
    phone.get_by_text("Être tenu au courant").click()
    phone.get_by_label("Courriel").fill("leila@exemple.fr")
    phone.locator("#contact").scroll_into_view_if_needed()
    shoot(phone, "signaler-contact-phone", full_page=True)
    assert_accessible(phone)
    phone.get_by_label("J’accepte que l’on me contacte").check()
    phone.locator(SEND).click()
    expect(phone.locator("main")).to_contain_text("leila@exemple.fr")


def test_near_when_already_reported_then_shown_before_the_text_and_never_blocks(
    phone: Page, blagis: str
) -> None:
    reference = file(blagis, datetime.now(UTC), "voirie", lon=2.30260, lat=48.78780)
    chosen(phone, "Voirie")
    expect(phone.locator("#deja")).to_contain_text("Déjà signalé tout près")
    for words in ("1 à moins de", "une roue de poussette", "À 7 m", "Nouveau", "C’est le même"):
        expect(phone.locator("#deja")).to_contain_text(words)
    expect(phone.get_by_role("button", name=f"C’est le même que {reference}")).to_be_visible()
    shoot(phone, "signaler-deja-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    expect(phone.locator("#deja-titre")).to_be_in_viewport()
    expect(phone.locator(SEND)).to_have_text("Non, continuer")
    phone.locator(SEND).click()
    expect(phone.locator("#preuve")).to_be_visible()
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")


def test_near_when_it_is_the_same_then_thanks_and_nothing_is_left_to_send(
    phone: Page, blagis: str, tmp_path: Path
) -> None:
    file(blagis, datetime.now(UTC), "voirie", lon=2.30260, lat=48.78780)
    path = tmp_path / "photo.png"
    Image.new("RGB", (800, 600), (90, 90, 200)).save(path)
    chosen(phone, "Voirie")
    expect(phone.locator(SEND)).to_have_text("Non, continuer")
    phone.locator(SEND).click()
    phone.locator("#photos input[type=file]").set_input_files(path)
    expect(phone.locator("#photos li")).to_have_count(1)
    phone.go_back()
    phone.get_by_role("button", name="C’est le même").click()
    expect(phone.locator("h1")).to_contain_text("Merci. Votre voix compte : 2 personnes l’ont vu.")
    expect(phone.locator("#photos-envoi")).to_contain_text("Photo envoyée.")
    phone.get_by_text("Être tenu au courant").click()
    phone.get_by_label("Courriel").fill("leila@exemple.fr")
    phone.get_by_label("J’accepte que l’on me contacte").check()
    shoot(phone, "signaler-merci-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.get_by_role("button", name="Garder ce contact").click()
    expect(phone.locator("h1")).to_contain_text("2 personnes l’ont vu.")
    phone.goto("/signaler")
    expect(phone.locator("#quartier-court")).to_be_visible()
    expect(phone.locator("#brouillon")).to_be_hidden()
    expect(phone.locator("#brouillons")).to_be_hidden()


def test_near_when_no_script_runs_then_asked_on_a_page_and_nothing_is_lost(
    open_page: OpenPage, blagis: str
) -> None:
    file(blagis, datetime.now(UTC), "voirie", lon=2.30260, lat=48.78780)
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/signaler")
    page.get_by_label("Adresse ou lieu").fill("48,7878 2,3025")
    page.locator(".tile", has_text="Voirie").click()
    page.get_by_label("Ce qu’il faut savoir").fill("Un trou.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_contain_text("Est-ce le même")
    shoot(page, "signaler-deja-sans-script-phone", full_page=True)
    page.get_by_role("button", name="Non, envoyer le mien").click()
    expect(page.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    expect(page.locator("main")).to_contain_text("Un trou.")


def test_page_when_too_old_then_takes_a_new_token_and_files(phone: Page, watch: Watch) -> None:
    watch.allow("status of 400")
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    phone.locator(SEND).click()
    phone.locator(".tile", has_text="Voirie").click()
    phone.locator(SEND).click()
    phone.evaluate("document.querySelector('[name=csrf_token]').value = 'old'")
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")


def test_form_when_no_script_runs_then_one_long_form_works(
    open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("status of 422")
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/signaler")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#carte")).to_be_hidden()
    shoot(page, "signaler-sans-script-phone", full_page=True)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("alert")).to_contain_text("Choisissez une catégorie")
    page.get_by_label("Adresse ou lieu").fill("48,7878 2,3025")
    page.locator(".tile", has_text="Encombrants").click()
    page.get_by_label("Ce qu’il faut savoir").fill("Un matelas.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    expect(page.locator("main")).to_contain_text("Dans le quartier")
