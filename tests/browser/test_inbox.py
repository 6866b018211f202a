"""The desk with real clicks: inbox and detail on a wide screen and on a phone, in the dark too."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from qpvmap.core.workflow import Status
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

CATEGORIES = (
    ("encombrants", "Deux canapés et un réfrigérateur sur le trottoir, devant le hall 4.", 12),
    ("eclairage", "Trois lampadaires éteints sur l’allée piétonne, on ne voit plus rien.", 60),
    ("parties-communes", "Porte arrachée, sacs éventrés, des rats le soir.", 40),
    ("voirie", "Trou dans le trottoir, une roue de poussette s’y est coincée.", 3),
    ("espaces-verts", "Branche cassée au-dessus du banc.", 1),
    ("rassemblement", "Bruit tard le soir devant le hall 2, des familles n’osent plus sortir.", 1),
    ("mobilier-urbain", "Banc descellé près de l’aire de jeux.", 0),
    ("depot-sauvage", "Gravats et pots de peinture contre le mur du centre commercial.", 0),
)


@pytest.fixture
def filed(blagis: str) -> dict[str, str]:
    """File one signalement of several categories, the last one newest; category to reference."""
    now = datetime.now(UTC)
    references = {}
    for rank, (category, words, days) in enumerate(CATEGORIES):
        references[category] = file(
            blagis,
            now - timedelta(days=days, minutes=60 - rank),
            category,
            lon=2.2975 + 0.0022 * rank,
            lat=48.7850 + 0.0009 * (rank % 4),
            description=words,
            moves=(Status.IN_PROGRESS,) if category == "eclairage" else (),
        )
    return references


@pytest.fixture
def desk(desktop: Page, filed: dict[str, str]) -> Page:
    login(desktop, "coordinateur")
    return desktop


def test_inbox_on_a_desk_when_pointing_at_a_row_then_its_pin_lights(desk: Page) -> None:
    desk.goto("/corbeille")
    pins = desk.locator("[data-inbox-map] .m-pin")
    expect(pins).to_have_count(7)
    expect(desk.locator(".m-qpv").first).to_be_attached()
    shoot(desk, "inbox-desktop")
    assert_accessible(desk)
    assert_no_sideways_scroll(desk)
    desk.locator("[data-reference]").nth(1).hover()
    expect(desk.locator("[data-inbox-map] .pin.is-on")).to_have_count(1)
    desk.locator("h1").hover()
    expect(desk.locator("[data-inbox-map] .pin.is-on")).to_have_count(0)


def test_inbox_when_j_and_k_are_pressed_in_a_row_then_the_focus_walks(
    desk: Page, filed: dict[str, str]
) -> None:
    desk.goto("/corbeille")
    rows = desk.locator("[data-reference]")
    rows.nth(0).get_by_role("link").focus()
    desk.keyboard.press("j")
    expect(rows.nth(1).get_by_role("link")).to_be_focused()
    desk.keyboard.press("k")
    expect(rows.nth(0).get_by_role("link")).to_be_focused()
    desk.locator("#q").focus()
    desk.keyboard.press("j")
    expect(desk.locator("#q")).to_have_value("j")
    rows.nth(0).get_by_role("link").focus()
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/signalements/{filed['depot-sauvage']}?vue=a-prendre-en-charge")


def test_inbox_when_filtered_then_the_address_keeps_it_and_a_chip_removes_it(
    desk: Page, filed: dict[str, str]
) -> None:
    desk.goto("/corbeille")
    desk.get_by_text("Filtres", exact=True).click()
    desk.get_by_label("Catégorie").select_option("espaces-verts")
    desk.get_by_role("button", name="Appliquer").click()
    rows = desk.locator("[data-reference]")
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("data-reference", filed["espaces-verts"])
    desk.reload()
    expect(rows).to_have_count(1)
    desk.get_by_role("link", name="Espaces verts").first.click()
    expect(rows).to_have_count(7)
    desk.locator(".tabs a", has_text="En retard").click()
    expect(rows.first).to_contain_text("2 fois en retard")
    shoot(desk, "inbox-late-desktop")
    desk.locator("#q").fill("n’existe pas")
    desk.get_by_role("button", name="Chercher").click()
    expect(desk.locator(".empty")).to_contain_text("Aucun signalement avec ces filtres.")
    assert_accessible(desk)


def test_inbox_when_the_map_is_followed_then_the_list_holds_what_it_shows(
    desk: Page, filed: dict[str, str]
) -> None:
    desk.goto("/corbeille")
    rows = desk.locator("[data-reference]")
    expect(desk.locator("[data-inbox-map] .m-pin")).to_have_count(7)
    zoom = desk.get_by_role("button", name="Zoomer", exact=True)
    for _ in range(2):
        zoom.click()
    expect(rows).to_have_count(7)  # nothing is filtered before it is asked for
    desk.get_by_label("Suivre la carte").check()
    desk.wait_for_url("**zone=**")
    expect(rows).not_to_have_count(7)
    seen = rows.count()
    expect(desk.locator("[data-inbox-map] .m-pin")).to_have_count(seen)
    expect(desk.locator("[data-said]")).to_contain_text(f"{seen}\u00a0signalement")
    expect(desk.locator(".tabs [aria-current] .count")).to_have_text(str(seen))
    expect(desk.get_by_label("Suivre la carte")).to_be_checked()
    assert_accessible(desk)
    shoot(desk, "inbox-follow-desktop")
    box = desk.locator("[data-inbox-map]").bounding_box()
    assert box
    address = desk.url
    desk.mouse.move(box["x"] + 200, box["y"] + 300)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 380, box["y"] + 420, steps=8)
    desk.mouse.up()
    desk.wait_for_url(lambda url: "zone=" in url and url != address)
    sent = desk.url
    desk.goto(sent)  # what a colleague opens
    expect(desk.get_by_label("Suivre la carte")).to_be_checked()
    desk.get_by_role("link", name="Cette zone de la carte").click()
    expect(rows).to_have_count(7)
    assert "zone=" not in desk.url


def test_inbox_view_when_kept_then_it_is_one_click_away(desk: Page) -> None:
    desk.goto("/corbeille")
    desk.get_by_text("Filtres", exact=True).click()
    desk.get_by_label("Commune").select_option(index=1)
    desk.get_by_label("Photo").select_option("sans")
    shoot(desk, "inbox-filters-desktop")
    assert_accessible(desk)
    desk.get_by_role("button", name="Appliquer").click()
    desk.get_by_role("link", name="Garder cette vue").click()
    desk.get_by_label("Son nom").fill("Tout ce qui attend une photo dans la première commune")
    shoot(desk, "inbox-view-desktop")
    assert_accessible(desk)
    desk.get_by_label("Ouvrir la corbeille sur cette vue").check()
    desk.get_by_role("button", name="Garder", exact=True).click()
    here = desk.url
    expect(desk.locator(".kept-views [aria-current]")).to_contain_text("Tout ce qui attend")
    desk.goto("/corbeille")
    assert desk.url == here
    desk.get_by_role("link", name="Gérer les vues").click()
    shoot(desk, "inbox-views-desktop")
    assert_accessible(desk)
    desk.get_by_role("button", name="Supprimer").click()
    expect(desk.locator(".empty")).to_contain_text("Aucune vue gardée")


def test_inbox_when_another_order_is_chosen_then_it_applies_by_itself(desk: Page) -> None:
    desk.goto("/corbeille")
    first = desk.locator("[data-reference]").first
    newest = first.get_attribute("data-reference")
    desk.get_by_label("Trier par").select_option("echeance")
    desk.wait_for_url("**tri=echeance**")
    expect(first).not_to_have_attribute("data-reference", newest or "")


def test_inbox_filters_on_a_tablet_when_opened_then_they_stand_in_two_columns(
    open_page: OpenPage, filed: dict[str, str]
) -> None:
    page = open_page({"width": 800, "height": 1000})
    login(page, "coordinateur")
    page.goto("/corbeille?quartier=300")
    page.get_by_text("Filtres", exact=True).click()
    boxes = [page.get_by_label(name).bounding_box() for name in ("État", "Retard", "Catégorie")]
    assert boxes[0] and boxes[1] and boxes[2]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[2]["x"] == boxes[0]["x"]
    shoot(page, "inbox-filters-tablet")
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_inbox_on_a_phone_when_the_map_is_asked_for_then_it_shows_above_the_list(
    open_page: OpenPage, filed: dict[str, str]
) -> None:
    page = open_page(PHONE)
    login(page, "coordinateur")
    page.goto("/corbeille")
    page.get_by_role("link", name="Voir sur la carte").click()
    expect(page.locator("[data-inbox-map] .m-pin")).to_have_count(7)
    shoot(page, "inbox-map-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Revenir à la liste").click()
    expect(page.locator("[data-inbox-map]")).to_be_hidden()
    page.goto("/corbeille?commune=92032&q=licorne&photo=avec")
    expect(page.locator(".empty")).to_contain_text("Aucun signalement avec ces filtres.")
    shoot(page, "inbox-empty-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_text("Filtres", exact=True).click()
    shoot(page, "inbox-filters-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_inbox_on_a_phone_when_opened_then_rows_are_cards(
    open_page: OpenPage, filed: dict[str, str]
) -> None:
    page = open_page(PHONE)
    login(page, "coordinateur")
    page.goto("/corbeille")
    expect(page.locator("[data-reference]")).to_have_count(7)
    expect(page.locator("[data-inbox-map]")).to_be_hidden()
    shoot(page, "inbox-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.locator("[data-reference]").first.click()
    expect(page.locator("h1")).to_have_text("Dépôt sauvage")
    shoot(page, "detail-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_inbox_in_the_dark_when_opened_then_everything_can_be_read(
    open_page: OpenPage, filed: dict[str, str]
) -> None:
    page = open_page(DESKTOP, color_scheme="dark")
    login(page, "coordinateur")
    page.goto("/corbeille")
    expect(page.locator("[data-inbox-map] .m-pin")).to_have_count(7)
    shoot(page, "inbox-desktop-dark")
    assert_accessible(page)
    page.goto(f"/signalements/{filed['eclairage']}")
    shoot(page, "detail-desktop-dark")
    assert_accessible(page)


def test_detail_when_another_person_was_faster_then_the_text_stays(
    desk: Page, open_page: OpenPage, filed: dict[str, str], watch: Watch
) -> None:
    watch.allow("status of 409")
    address = f"/signalements/{filed['eclairage']}"
    desk.goto(address)
    shoot(desk, "detail-desktop")
    assert_accessible(desk)
    other = open_page(DESKTOP)
    login(other, "referent.ept")
    other.goto(address)
    other.get_by_label("Un mot pour la personne").fill("Réparé hier soir.")
    other.get_by_role("button", name="Résoudre et répondre").click()
    expect(other.get_by_role("status").first).to_contain_text("Résolu.")
    desk.get_by_label("Un mot pour la personne").fill("Lampes changées.")
    desk.get_by_role("button", name="Résoudre et répondre").click()
    expect(desk.get_by_role("alert")).to_contain_text("votre texte est gardé")
    expect(desk.locator("#entretemps")).to_contain_text("Réparé hier soir.")
    expect(desk.get_by_label("Un mot pour la personne")).to_have_value("Lampes changées.")
    shoot(desk, "detail-conflict-desktop")
    assert_accessible(desk)


def test_detail_without_script_when_moved_then_it_moves(
    open_page: OpenPage, filed: dict[str, str]
) -> None:
    page = open_page(PHONE, java_script_enabled=False)
    login(page, "agent.bagneux")
    page.goto("/corbeille")
    page.locator("[data-reference]").first.get_by_role("link").click()
    page.get_by_role("button", name="Prendre en charge", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("Pris en charge.")


def test_operation_when_a_planner_drags_its_pin_then_the_place_is_exact(
    desktop: Page, filed: dict[str, str]
) -> None:
    login(desktop, "planificateur")
    desktop.goto("/operations")
    expect(desktop.locator(".m-op")).to_have_count(22)
    expect(desktop.locator(".m-qpv").first).to_be_attached()
    shoot(desktop, "operations-desktop")
    assert_accessible(desktop)
    desktop.get_by_role("link", name="Végétalisation de la place des Ailantes").click()
    expect(desktop.locator(".m-drop")).to_be_visible()
    before = desktop.get_by_label("Latitude").input_value()
    pin = desktop.locator(".pin-drop")
    box = pin.bounding_box()
    assert box
    desktop.mouse.move(box["x"] + 28, box["y"] + 20)
    desktop.mouse.down()
    desktop.mouse.move(box["x"] + 60, box["y"] + 50, steps=6)
    desktop.mouse.up()
    expect(desktop.get_by_label("Latitude")).not_to_have_value(before)
    pin.focus()
    desktop.keyboard.press("Shift+ArrowRight")
    expect(desktop.locator("[data-move-said]")).to_contain_text("Repère déplacé")
    shoot(desktop, "operation-desktop")
    assert_accessible(desktop)
    desktop.get_by_role("button", name="Enregistrer ce lieu").click()
    expect(desktop.locator(".flashes")).to_contain_text("Lieu enregistré")
    expect(desktop.locator("main")).not_to_contain_text("Lieu approximatif")


@pytest.mark.parametrize(
    ("address", "name"),
    [("/quartiers/QN09219N", "quartier"), ("/equipements", "equipements")],
)
def test_reading_page_when_opened_small_or_wide_then_it_fits(
    open_page: OpenPage, address: str, name: str
) -> None:
    for kind, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
        page = open_page(viewport)
        page.goto(address)
        expect(page.locator("[data-icons] .m-qpv").first).to_be_attached()
        shoot(page, f"{name}-{kind}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)
