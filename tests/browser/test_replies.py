"""Ready-made answers and the page of a signalement with real keys: fill, take back, next."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, ViewportSize, expect

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
from tests.browser.test_photos import UPRIGHT, add

EARLIER = timedelta(days=2)


@pytest.fixture
def reference(blagis: str) -> str:
    return file(blagis, datetime.now(UTC) - EARLIER, moves=(Status.ACKNOWLEDGED,))


def do(page: Page, words: str) -> None:
    """Open a form of "Autres actions"."""
    page.get_by_text("Autres actions").click()
    page.locator(".deed > summary", has_text=words).click()


def test_answer_when_planned_then_the_date_follows_the_field_and_what_was_typed_comes_back(
    open_page: OpenPage, reference: str
) -> None:
    page = open_page(DESKTOP)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    text = page.locator("#scheduled-comment")
    text.fill("Mes mots.")
    page.locator("#scheduled-reponse").select_option(label="Date d’intervention")
    expect(text).to_have_value(
        f"Bonjour, l’intervention, à Bagneux, est prévue le [à compléter\u00a0: date prévue]. "
        f"Si cette date change, vous le saurez ici. Référence {reference}."
    )
    expect(text).to_be_focused()
    chosen = text.evaluate("(t) => t.value.slice(t.selectionStart, t.selectionEnd)")
    assert chosen == "[à compléter\u00a0: date prévue]"
    page.get_by_label("Date prévue").fill("2099-12-24")
    expect(text).to_have_value(
        f"Bonjour, l’intervention, à Bagneux, est prévue le jeudi 24\u00a0décembre 2099. "
        f"Si cette date change, vous le saurez ici. Référence {reference}."
    )
    expect(page.locator(".card-accent .ready-back").first).to_contain_text(
        "Votre texte a été remplacé."
    )
    shoot(page, "detail-ready-desktop")
    assert_accessible(page)
    page.get_by_role("button", name="Remettre mon texte").click()
    expect(text).to_have_value("Mes mots.")
    expect(text).to_be_focused()


def test_closing_when_an_answer_is_chosen_then_its_outcome_is_too_and_a_hole_is_not_sent(
    open_page: OpenPage, reference: str, watch: Watch
) -> None:
    watch.allow("status of 422")
    page = open_page(PHONE)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    do(page, "Clore sans travaux")
    page.locator("#closed-reponse").select_option(label="Nous n’interviendrons pas")
    expect(page.get_by_label("Comment cela se termine")).to_have_value("no_action")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Clore sans travaux").click()
    expect(page.get_by_role("alert")).to_contain_text("Complétez d’abord ce qui est entre crochets")
    text = page.locator("#closed-comment")
    kept = text.input_value()
    assert "[à compléter\u00a0: motif]" in kept
    text.fill(kept.replace("[à compléter\u00a0: motif]", "le trottoir est privé"))
    page.get_by_role("button", name="Clore sans travaux").click()
    expect(page.locator(".timeline")).to_contain_text("le trottoir est privé")
    expect(page.locator(".page")).not_to_contain_text("réglé")


def test_answer_without_script_when_a_link_is_followed_then_the_text_is_there(
    open_page: OpenPage, reference: str
) -> None:
    page = open_page(PHONE, java_script_enabled=False)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    do(page, "Mettre en attente")
    page.locator(".deed[open] summary", has_text="Réponses types").click()
    page.get_by_role("link", name="Nous attendons quelqu’un").click()
    expect(page.locator("#waiting-comment")).to_be_visible()
    expect(page.locator("#waiting-comment")).to_have_value(
        f"Bonjour, nous ne pouvons pas finir tout de suite\u00a0: nous attendons "
        f"[à compléter\u00a0: qui est attendu]. Nous reprenons dès que possible et vous le dirons "
        f"ici. Référence {reference}."
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_photos_when_compared_then_the_cut_follows_keys_and_finger_and_each_opens(
    open_page: OpenPage, reference: str, size: ViewportSize
) -> None:
    page = open_page(size)
    login(page, "coordinateur")
    page.goto(f"/signalements/{reference}")
    add(page, "Avant", UPRIGHT)
    add(page, "Pendant", UPRIGHT)
    add(page, "Après", UPRIGHT)
    figure = page.locator(".compare")
    cut = "(f) => f.style.getPropertyValue('--at')"
    slider = page.get_by_label("Comparer avant et après")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert figure.evaluate(cut) == "49%"
    expect(slider).to_have_attribute("aria-valuetext", "avant sur 49\u00a0%")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60, steps=4)
    page.mouse.up()
    assert figure.evaluate(cut) == "25%"
    for moment in ("avant", "après"):
        href = page.get_by_role("link", name=f"Ouvrir la photo « {moment} »").get_attribute("href")
        assert href and page.request.get(href).ok
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.emulate_media(media="print")
    boxes = [page.locator(f".compare > .{side}").bounding_box() for side in ("before", "after")]
    assert boxes[0] and boxes[1]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    expect(page.locator(".card-accent")).to_be_hidden()


def test_list_when_worked_by_keyboard_then_the_next_is_one_key_away(
    open_page: OpenPage, blagis: str
) -> None:
    now = datetime.now(UTC)
    first, second = (file(blagis, now - timedelta(hours=h), lon=2.3025 + h / 500) for h in (1, 2))
    page = open_page(DESKTOP)
    login(page, "agent.bagneux")
    page.goto("/corbeille")
    page.locator(f'[data-reference="{first}"]').get_by_role("link").click()
    expect(page.get_by_role("link", name=f"Suivant : {second}")).to_be_visible()
    page.get_by_role("button", name="Prendre en charge", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text(f"{first} : Pris en charge.")
    expect(page.get_by_role("link", name=f"Suivant : {second}")).to_be_focused()
    shoot(page, "inbox-next-desktop")
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(second)
    page.get_by_role("button", name="Prendre en charge", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("C’était le dernier de cette liste.")


def test_phone_when_scrolled_then_the_next_action_is_under_the_thumb_and_long_texts_fold(
    open_page: OpenPage, blagis: str
) -> None:
    reference = file(
        blagis, datetime.now(UTC) - EARLIER, description="Le trottoir est défoncé ici. " * 40
    )
    page = open_page(PHONE)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    thumb = page.locator("[data-thumb-of]")
    expect(thumb).to_be_hidden()
    bubble = page.locator(".bubble").first
    whole = bubble.evaluate("(text) => text.scrollHeight")
    page.get_by_role("button", name="Lire la suite").click()
    expect(page.get_by_role("button", name="Replier")).to_have_attribute("aria-expanded", "true")
    assert bubble.evaluate("(text) => text.clientHeight") >= whole
    page.locator("#service").scroll_into_view_if_needed()
    expect(thumb).to_be_visible()
    shoot(page, "detail-thumb-phone")
    assert_accessible(page)
    page.locator("#repondre-text").focus()
    expect(thumb).to_be_hidden()
    page.evaluate("document.activeElement.blur()")
    page.locator("#service").scroll_into_view_if_needed()
    expect(thumb).to_be_visible()
    thumb.get_by_role("button", name="Prendre en charge").click()
    expect(page.locator(".page .badge", has_text="Pris en charge").first).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_reply_pages_when_a_lead_writes_one_then_it_is_offered(
    open_page: OpenPage, blagis: str, size: ViewportSize, watch: Watch
) -> None:
    watch.allow("status of 422")
    page = open_page(size)
    login(page, "referent.ept")
    page.goto("/coordination/reponses")
    shoot(page, f"replies-{size['width']}")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Écrire une réponse").click()
    page.get_by_label("Quand elle sert").select_option("acknowledged")
    page.get_by_label("Titre").fill("Nous venons")
    page.get_by_label("Texte").fill("Bonjour,  ")
    page.get_by_label("Texte").press("ArrowLeft")
    page.get_by_role("button", name="lieu", exact=True).click()
    expect(page.get_by_label("Texte")).to_have_value("Bonjour, {lieu} ")
    page.get_by_role("button", name="Voir l’aperçu").click()
    expect(page.locator("#apercu + p")).to_have_text("Bonjour, 3 allée des Ormes")
    shoot(page, f"reply-edit-{size['width']}", full_page=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_label("Texte").fill("Bonjour, {lieux}")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("alert")).to_contain_text("Vouliez-vous {lieu}")
    page.get_by_label("Texte").fill("Bonjour, {lieu}")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".flashes")).to_contain_text("Réponse enregistrée : Nous venons.")
    expect(page.get_by_role("link", name="Nous venons")).to_be_visible()
