"""The page of a signalement with real clicks: next step, other actions, notes, contesting."""

import re
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

EARLIER = timedelta(days=2)


@pytest.fixture
def reference(blagis: str) -> str:
    return file(blagis, datetime.now(UTC) - EARLIER, moves=(Status.ACKNOWLEDGED,))


def do(page: Page, words: str) -> None:
    """Open a form of "Autres actions"."""
    page.get_by_text("Autres actions").click()
    page.locator(".deed > summary", has_text=words).click()


def test_detail_from_a_date_to_a_wait_to_an_end_without_work_tells_it_all(
    open_page: OpenPage, reference: str
) -> None:
    page = open_page(DESKTOP)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    day = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    page.get_by_label("Date prévue").fill(day)
    page.get_by_role("button", name="Planifier", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Planifié.")
    do(page, "Mettre en attente")
    shoot(page, "detail-actions-desktop", full_page=True)
    assert_accessible(page)
    page.get_by_label("Qui attendez-vous").fill("Enedis")
    page.get_by_label("Pourquoi attendre").fill("La tranchée est à eux.")
    page.get_by_role("button", name="Mettre en attente").click()
    expect(page.locator(".due").first).to_have_text("compteur arrêté")
    expect(page.locator(".timeline")).to_contain_text("Qui est attendu : Enedis")
    do(page, "Clore sans travaux")
    page.get_by_label("Comment cela se termine").select_option("not_found_on_site")
    page.get_by_label("Pourquoi, pour la personne").fill("Rien vu à cette adresse.")
    page.get_by_role("button", name="Clore sans travaux").click()
    expect(page.locator(".page .badge", has_text="Rien constaté sur place")).to_be_visible()
    expect(page.locator(".page")).not_to_contain_text("réglé")
    shoot(page, "detail-closed-desktop", full_page=True)
    assert_accessible(page)


def test_detail_on_a_phone_when_a_note_is_left_then_its_author_reads_the_answer_alone(
    open_page: OpenPage, reference: str
) -> None:
    page = open_page(PHONE)
    login(page, "agent.bagneux")
    page.goto(f"/signalements/{reference}")
    answering = page.get_by_label("Répondre à la personne")
    answering.fill("Nous passons mardi.")
    page.get_by_role("button", name="Envoyer la réponse").click()
    answering.fill("Prévoir la nacelle.")
    page.get_by_role("button", name="Garder en note interne").click()
    expect(page.locator(".bubble.is-internal")).to_have_text("Prévoir la nacelle.")
    do(page, "Confier à un autre service")
    shoot(page, "detail-actions-phone", full_page=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    author = open_page(PHONE)
    login(author, "mediateur")
    author.goto(f"/signalements/{reference}")
    expect(author.locator(".timeline")).to_contain_text("Nous passons mardi.")
    expect(author.locator("main")).not_to_contain_text("nacelle")


def test_detail_when_its_author_contests_then_the_team_reads_why(
    open_page: OpenPage, blagis: str
) -> None:
    moves = (Status.IN_PROGRESS, Status.RESOLVED)
    reference = file(blagis, datetime.now(UTC) - EARLIER, moves=moves)
    author = open_page(PHONE)
    login(author, "mediateur")
    author.goto(f"/signalements/{reference}")
    shoot(author, "detail-contest-phone", full_page=True)
    assert_accessible(author)
    author.get_by_label("Ce qui ne va pas").fill("Le trou est revenu.")
    author.get_by_role("button", name="Rouvrir").click()
    expect(author.locator(".page .badge", has_text="Rouvert 1 fois")).to_be_visible()
    desk = open_page(DESKTOP)
    login(desk, "agent.bagneux")
    desk.goto("/corbeille")
    row = desk.locator(f'[data-reference="{reference}"]')
    expect(row).to_contain_text("Rouvert")
    row.get_by_role("link").click()
    expect(desk.locator(".timeline")).to_contain_text("Le trou est revenu.")


def test_detail_when_another_was_faster_then_every_field_stays(
    open_page: OpenPage, reference: str, watch: Watch
) -> None:
    watch.allow("status of 409")
    page, other = open_page(DESKTOP), open_page(DESKTOP)
    for one, name in ((page, "coordinateur"), (other, "agent.bagneux")):
        login(one, name)
        one.goto(f"/signalements/{reference}")
    other.get_by_role("button", name="Commencer les travaux").click()
    do(page, "Mettre en attente")
    page.get_by_label("Qui attendez-vous").fill("Enedis")
    page.get_by_label("Pourquoi attendre").fill("La tranchée est à eux.")
    page.get_by_role("button", name="Mettre en attente").click()
    expect(page.locator("#entretemps")).to_contain_text("En cours")
    expect(page.get_by_label("Qui attendez-vous")).to_have_value("Enedis")
    expect(page.get_by_label("Pourquoi attendre")).to_have_value("La tranchée est à eux.")
    assert_accessible(page)
    page.get_by_role("button", name="Mettre en attente").click()
    expect(page.locator(".due").first).to_have_text("compteur arrêté")


def test_detail_without_script_when_given_to_another_team_then_it_leaves_the_inbox(
    open_page: OpenPage, reference: str
) -> None:
    page = open_page(PHONE, java_script_enabled=False)
    login(page, "agent.bagneux")
    page.goto("/corbeille?vue=en-cours")
    page.locator(f'[data-reference="{reference}"]').get_by_role("link").click()
    do(page, "Confier à un autre service")
    page.get_by_label("À quel service").select_option("mediation")
    page.locator("#reaffecter-comment").fill("C’est de la médiation.")
    page.locator(".deed[open]").get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("Confié à un autre service")
    expect(page.locator(".flashes")).to_contain_text("C’était le dernier de cette liste.")
    expect(page).to_have_url(re.compile(r"/corbeille\?vue=en-cours$"))
    expect(page.locator(f'[data-reference="{reference}"]')).to_have_count(0)
    page.goto(f"/signalements/{reference}")
    expect(page.locator(".timeline")).to_contain_text("Service :")


def test_detail_with_a_likely_duplicate_and_photos_when_joined_then_each_leads_to_the_other(
    open_page: OpenPage, blagis: str
) -> None:
    now = datetime.now(UTC)
    original = file(blagis, now - 2 * EARLIER, moves=(Status.IN_PROGRESS,))
    duplicate = file(blagis, now - EARLIER)
    page = open_page(DESKTOP)
    login(page, "agent.bagneux")
    page.goto("/corbeille")
    expect(page.locator(f'[data-reference="{duplicate}"]')).to_contain_text("Peut-être le même")
    page.goto(f"/signalements/{duplicate}")
    shoot(page, "detail-likely-desktop", full_page=True)
    assert_accessible(page)
    page.get_by_role("button", name=f"Réunir avec {original}").click()
    expect(page.locator(".page .badge", has_text="Doublon").first).to_be_visible()
    page.get_by_role("link", name=original).click()
    expect(page.locator("#lies + h3")).to_have_text("Doublons")
    assert_accessible(page)


def test_detail_when_two_teams_refuse_then_the_coordination_decides(
    open_page: OpenPage, reference: str
) -> None:
    teams = (("agent.bagneux", "mediation"), ("mediateur", ""))
    for name, proposed in teams:
        page = open_page(PHONE)
        login(page, name)
        page.goto(f"/signalements/{reference}")
        do(page, "Ce n’est pas à nous")
        page.get_by_label("À qui alors").select_option(proposed)
        page.locator("#pas-a-nous-comment").fill(f"Refus de {name}.")
        page.get_by_role("button", name="Refuser").click()
        expect(page.locator(".flashes")).to_contain_text("Refus noté")
    desk = open_page(DESKTOP)
    login(desk, "coordinateur")
    desk.goto("/corbeille?vue=a-arbitrer")
    desk.locator(f'[data-reference="{reference}"]').get_by_role("link").click()
    for name, _ in teams:
        expect(desk.locator(".reasons")).to_contain_text(f"Refus de {name}.")
    shoot(desk, "detail-arbitrate-desktop", full_page=True)
    assert_accessible(desk)
    desk.locator("#arbitrer-team").select_option("bagneux-technique")
    desk.locator("#arbitrer-comment").fill("La voie est communale.")
    desk.get_by_role("button", name="Décider").click()
    expect(desk.locator(".flashes")).to_contain_text("Décidé.")
    expect(desk.locator(".empty")).to_contain_text("Rien à arbitrer.")
    desk.goto(f"/signalements/{reference}")
    expect(desk.locator(".timeline")).to_contain_text("La voie est communale.")
