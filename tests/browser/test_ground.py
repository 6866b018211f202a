"""The coordination draws a piece of ground, by hand and by text, and finds it on the map."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)


def test_ground_when_drawn_by_clicks_then_kept_and_shown_on_the_map(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    login(page, "coordinateur")
    page.goto("/coordination/emprises/nouvelle")
    frame = page.locator("[data-ground-editor]")
    frame.locator("path.m-qpv:not(.m-qpv-other)").first.wait_for()
    for x, y in ((120, 120), (260, 120), (260, 220), (120, 220)):
        frame.click(position={"x": x, "y": y})
    outline = page.locator("#outline")
    expect(outline).to_have_value(re.compile(r"^(\d+\.\d{6} \d+\.\d{6}\n?){4}$"))
    frame.locator(".m-vertex.is-between").first.click()
    expect(page.locator("[data-ground-said]")).to_have_text("Point inséré.")
    frame.locator(".m-vertex:not(.is-between)").nth(1).dblclick()
    expect(page.locator("[data-ground-said]")).to_have_text("Point ôté.")
    expect(outline).to_have_value(re.compile(r"^(\d+\.\d{6} \d+\.\d{6}\n?){4}$"))
    assert_accessible(page)
    shoot(page, "ground-edit-desktop")
    page.fill("#name", "cour des Lilas")
    page.select_option("#kind", "condominium")
    page.select_option("#body", "copropriete")
    page.fill("#source", "Plan du syndic")
    page.fill("#confidence", "90")
    page.get_by_role("button", name="Enregistrer ce terrain").click()
    expect(page.get_by_role("status").get_by_text("Terrain enregistré")).to_be_visible()
    assert_accessible(page)
    shoot(page, "ground-list-desktop")

    page.goto("/")
    page.get_by_label("Qui gère ce terrain ?").check()
    expect(page.locator("#carte .leaflet-pane path.m-emp").first).to_be_attached()
    shoot(page, "ground-map-desktop")


def test_ground_when_on_a_phone_then_text_moves_the_outline(open_page: OpenPage) -> None:
    page = open_page(PHONE)
    login(page, "coordinateur")
    for path, name in (
        ("/coordination/emprises", "list"),
        ("/coordination/regles", "rules"),
        ("/coordination/emprises/HLM-03", "edit"),
    ):
        page.goto(path)
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        shoot(page, f"ground-{name}-phone", full_page=True)
    handles = page.locator(".m-vertex:not(.is-between)")
    before = handles.count()
    outline = page.locator("#outline")
    outline.fill("\n".join(outline.input_value().split("\n")[1:]))
    expect(handles).to_have_count(before - 1)
