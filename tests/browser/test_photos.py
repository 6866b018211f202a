"""Photos with real gestures: several added at once, compared, blackened by hand and by keyboard."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from qpvmap.core.photos import Size
from qpvmap.storage.files import photo_path
from qpvmap.storage.models import Photo
from qpvmap.storage.session import transaction
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.filed import file
from tests.pictures import exif, is_red, opened, saved, two_halves

UPRIGHT = saved(two_halves(900, 600))
HELD_SIDEWAYS = saved(two_halves(3000, 2000).rotate(90, expand=True), exif=exif(6))
"""Once upright: 3000 x 2000, red on the left."""


def payload(content: bytes, name: str = "photo.jpg") -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=content)


@pytest.fixture
def reference(blagis: str) -> str:
    return file(blagis, datetime.now(UTC))


def add(page: Page, moment: str, *contents: bytes) -> None:
    """Add photos with the form of the page, and wait for them."""
    shown = page.locator(".photos .photo").count()
    form = page.locator("form[data-upload]")
    form.get_by_label(moment, exact=True).check()
    form.locator("input[type=file]").set_input_files([payload(content) for content in contents])
    form.get_by_role("button", name="Envoyer la photo").click()
    expect(page.locator(".photos .photo")).to_have_count(shown + len(contents))


def kept(app: Any) -> list[Any]:
    """Return what is kept in full size, oldest first."""
    runtime = app.extensions["qpvmap"]
    with transaction(runtime.engine) as session:
        keys = list(session.scalars(select(Photo.key).order_by(Photo.id)))
    return [opened(runtime.files.get(photo_path(key, Size.FULL))) for key in keys]


def test_photos_when_added_from_a_desk_then_are_small_upright_and_compared(
    app: Any, desktop: Page, reference: str
) -> None:
    login(desktop, "coordinateur")
    desktop.goto(f"/signalements/{reference}")
    add(desktop, "Avant", HELD_SIDEWAYS, UPRIGHT)
    add(desktop, "Après", UPRIGHT)
    first, *_ = kept(app)
    assert first.size == (2048, 1365)
    assert is_red(first.getpixel((200, 700)))
    assert not is_red(first.getpixel((1900, 700)))
    slider = desktop.get_by_label("Comparer avant et après")
    slider.focus()
    slider.press("Home")
    assert desktop.locator(".compare").evaluate("(f) => f.style.getPropertyValue('--at')") == "0%"
    slider.press("End")
    slider.fill("50")
    assert_accessible(desktop)
    shoot(desktop, "photos-1280", full_page=True)


def blackened_by_hand(page: Page) -> None:
    canvas = page.get_by_role("application", name="Photo à masquer")
    box = canvas.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, middle, steps=8)
    page.mouse.up()


def test_photo_when_blackened_by_hand_then_the_original_is_gone(
    app: Any, desktop: Page, reference: str
) -> None:
    login(desktop, "coordinateur")
    desktop.goto(f"/signalements/{reference}")
    add(desktop, "Avant", UPRIGHT)
    folder = Path(app.extensions["qpvmap"].files.folder) / "photos"
    originals = {path.name for path in folder.iterdir()}
    desktop.get_by_role("button", name="Masquer un visage ou une plaque").click()
    dialog = desktop.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Masquer pour de bon")).to_be_disabled()
    blackened_by_hand(desktop)
    blackened_by_hand(desktop)
    expect(dialog.get_by_role("status")).to_have_text("2 endroits masqués.")
    desktop.keyboard.press("Control+z")
    expect(dialog.get_by_role("status")).to_have_text("1 endroit masqué.")
    assert_accessible(desktop)
    shoot(desktop, "pinceau-1280")
    dialog.get_by_role("button", name="Masquer pour de bon").click()
    expect(desktop.get_by_text("L’original est détruit.")).to_be_visible()
    [image] = kept(app)
    assert all(max(image.getpixel((x, 300))) < 12 for x in range(110, 340, 20))
    assert is_red(image.getpixel((200, 100)))
    assert originals.isdisjoint(path.name for path in folder.iterdir())


def test_photo_when_blackened_by_keyboard_then_is_so_too(
    app: Any, open_page: OpenPage, reference: str
) -> None:
    page = open_page(PHONE, has_touch=True)
    login(page, "coordinateur")
    page.goto(f"/signalements/{reference}")
    add(page, "Avant", UPRIGHT)
    assert_no_sideways_scroll(page)
    shoot(page, "photos-360", full_page=True)
    page.get_by_role("button", name="Masquer un visage ou une plaque").click()
    page.get_by_role("application", name="Photo à masquer").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 endroit")).to_be_visible()
    assert_no_sideways_scroll(page)
    shoot(page, "pinceau-360")
    page.get_by_role("button", name="Masquer pour de bon").click()
    expect(page.get_by_text("L’original est détruit.")).to_be_visible()
    [image] = kept(app)
    assert max(image.getpixel((270, 300))) < 12
    assert is_red(image.getpixel((100, 300)))


def test_photo_when_there_is_no_script_then_is_added_all_the_same(
    app: Any, open_page: OpenPage, reference: str
) -> None:
    page = open_page(DESKTOP, java_script_enabled=False)
    login(page, "coordinateur")
    page.goto(f"/signalements/{reference}")
    add(page, "Avant", HELD_SIDEWAYS)
    [image] = kept(app)
    assert image.size == (2048, 1365)
    expect(page.get_by_role("button", name="Masquer un visage ou une plaque")).to_be_hidden()
    page.get_by_text("Retirer la photo").first.click()
    page.get_by_role("button", name="Retirer cette photo").click()
    expect(page.get_by_text("Photo retirée.").first).to_be_visible()
    expect(page.locator(".photos .photo")).to_have_count(0)
