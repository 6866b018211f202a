"""The desk at work: ten by the keyboard alone, 120 at once, two people at the same list."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect
from sqlalchemy import select

from qpvmap.core.deadlines import Priority
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.reassign import set_priority
from tests.browser.conftest import (
    DESKTOP,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.filed import file, person

PHONE = ViewportSize(width=360, height=740)
WITHIN_MS = 15_000
NEWS = "**/corbeille/nouvelles*"
SOON = date.today() + timedelta(days=5)  # noqa: DTZ011  # typed as a person does
UNDER_A_MENU = ("target-size",)
"""An open menu covers a part of what is behind it, until it closes."""
TOPS = "[...document.querySelectorAll('[data-reference]')].map((row) => row.offsetTop)"

Filed = Callable[[int], list[str]]


@pytest.fixture
def filed(blagis: str) -> Filed:
    """Return what files so many signalements, the newest last."""

    def filing(how_many: int) -> list[str]:
        now = datetime.now(UTC)
        return [
            file(
                blagis,
                now - timedelta(days=1, minutes=how_many - rank),
                ("voirie", "encombrants", "espaces-verts")[rank % 3],
                lon=2.2975 + 0.0011 * (rank % 12),
                lat=48.7850 + 0.0006 * (rank % 7),
                description=f"Trou numéro {rank + 1} dans le trottoir.",
            )
            for rank in range(how_many)
        ]

    return filing


def opened(page: Page, name: str = "coordinateur", query: str = "") -> Page:
    login(page, name)
    page.goto(f"/corbeille{query}")
    expect(page.locator("html.has-js")).to_be_attached()
    return page


def statuses(url: str) -> dict[str, str]:
    engine = make_engine(url)
    with transaction(engine) as session:
        rows = session.execute(select(Signalement.reference, Signalement.status))
        found = dict(rows.all())
    engine.dispose()
    return found


def elsewhere(url: str, reference: str, to: Status) -> None:
    """Have somebody else move a signalement."""
    engine = make_engine(url)
    with transaction(engine) as session:
        row = session.scalars(select(Signalement).where(Signalement.reference == reference)).one()
        change_status(
            session, person(session, "coordinateur"), reference, Request(to, "Vu sur place."),
            version=row.version, now=datetime.now(UTC),
        )  # fmt: skip
    engine.dispose()


def row_of(page: Page, reference: str) -> Locator:
    return page.locator(f'[data-reference="{reference}"]')


def test_ten_reports_when_handled_by_the_keyboard_alone_then_each_has_moved(
    desktop: Page, blagis: str, filed: Filed
) -> None:
    references = list(reversed(filed(10)))
    page = opened(desktop)
    expect(page.locator("[data-rows] [data-reference]")).to_have_count(10)
    press = page.keyboard.press
    press("j")
    expect(row_of(page, references[0]).get_by_role("link")).to_be_focused()
    for at, reference in enumerate(references):
        press("a")
        expect(row_of(page, reference)).to_contain_text("Pris en charge")
        following = references[min(at + 1, 9)]
        expect(row_of(page, following).get_by_role("link")).to_be_focused()
    expect(page.locator(".toast")).to_contain_text(f"{references[9]} : pris en charge")
    for reference in (references[9], references[8]):
        expect(row_of(page, reference).get_by_role("link")).to_be_focused()
        press("p")
        expect(page.locator("#lot-planned_for")).to_be_focused()
        page.locator("#lot-planned_for").fill(SOON.isoformat())
        press("Enter")
        expect(row_of(page, reference)).to_contain_text("Planifié")
        row_of(page, reference).get_by_role("link").focus()
        press("k")
    # two at once: chosen with x, answered in one go
    press("x")
    press("k")
    press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("2 choisis")
    press("r")
    expect(page.locator("#lot-comment")).to_be_focused()
    page.locator("#lot-reponse").select_option(index=1)  # the answers of the page of one
    expect(page.locator("#lot-comment")).to_be_focused()
    expect(page.locator("#lot-comment")).not_to_have_value("")
    press("Control+End")
    page.keyboard.type(" Fait ce matin, j et k compris.")
    press("Tab")
    press("Enter")
    expect(row_of(page, references[7])).to_contain_text("Résolu")
    expect(row_of(page, references[6])).to_contain_text("Résolu")
    expect(page.locator(".bulkbar")).to_be_hidden()
    found = statuses(blagis)
    assert [found[reference] for reference in references] == (
        ["acknowledged"] * 6 + ["resolved"] * 2 + ["scheduled"] * 2
    )
    press("z")  # it was a slip: nobody was told yet
    expect(page.locator(".toast")).to_have_text("2 annulés, personne n’a été prévenu")
    expect(row_of(page, references[6])).to_contain_text("Pris en charge")
    found = statuses(blagis)
    assert [found[reference] for reference in references[6:8]] == ["acknowledged"] * 2
    press("z")
    expect(page.locator("[data-said]")).to_have_text("Plus rien à annuler : la minute est passée.")


def test_keys_when_writing_or_with_another_key_then_they_do_nothing(
    desktop: Page, blagis: str, filed: Filed
) -> None:
    references = list(reversed(filed(3)))
    page = opened(desktop)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("ajkprx?/")
    expect(page.locator("#q")).to_have_value("ajkprx?/")
    row_of(page, references[0]).get_by_role("link").focus()
    for keys in ("Control+a", "Alt+a", "Meta+a"):
        page.keyboard.press(keys)
    row_of(page, references[0]).get_by_role("checkbox").focus()
    page.keyboard.press("Enter")  # Enter in a box sends nothing
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Raccourcis du clavier")
    expect(dialog.get_by_role("heading")).to_be_focused()
    page.keyboard.press("a")  # nor anything behind a dialog
    assert_accessible(page)
    shoot(page, "keys-desktop")
    page.keyboard.press("Escape")
    expect(row_of(page, references[0]).get_by_role("checkbox")).to_be_focused()
    page.wait_for_timeout(300)
    assert set(statuses(blagis).values()) == {"new"}
    page.keyboard.press("x")
    expect(page.locator(".bulkbar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".bulkbar")).to_be_hidden()


def test_keys_when_turned_off_in_the_account_then_only_the_usual_ones_work(
    desktop: Page, filed: Filed, blagis: str
) -> None:
    references = list(reversed(filed(2)))
    login(desktop, "coordinateur")
    desktop.goto("/compte")
    desktop.get_by_role("button", name="Désactiver les touches seules").click()
    expect(desktop.locator(".flashes")).to_contain_text("Touches seules désactivées.")
    desktop.goto("/corbeille")
    link = row_of(desktop, references[0]).get_by_role("link")
    link.focus()
    for key in ("j", "a", "x", "?"):
        desktop.keyboard.press(key)
    expect(link).to_be_focused()
    expect(desktop.locator("dialog[open]")).to_have_count(0)
    desktop.get_by_role("button", name="Raccourcis").click()
    expect(desktop.get_by_role("dialog")).to_contain_text("Les activer dans votre compte")
    assert set(statuses(blagis).values()) == {"new"}


def test_120_when_taken_at_once_and_7_changed_meanwhile_then_113_go_and_7_are_told(
    desktop: Page, blagis: str, filed: Filed
) -> None:
    references = filed(120)
    page = opened(desktop)
    expect(page.locator("[data-rows] [data-reference]")).to_have_count(50)
    page.get_by_label("Choisir toute la page").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("50 choisis")
    page.get_by_label("Choisir les 120").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("120 choisis")
    shoot(page, "bulk-desktop")
    # down there the bar has a place of its own, and covers no part of a row
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    assert_accessible(page)
    engine = make_engine(blagis)
    with transaction(engine) as session:
        actor = person(session, "coordinateur")
        for reference in references[::20] + references[-1:]:
            set_priority(
                session, actor, reference, Priority.HIGH, "Une école est à côté.", 1,
                datetime.now(UTC),
            )  # fmt: skip
    engine.dispose()
    page.get_by_role("button", name="Prendre en charge", exact=True).click()
    dialog = page.get_by_role("dialog", name="Prendre en charge")
    expect(dialog).to_contain_text("120")
    dialog.get_by_role("button", name="Prendre en charge").click()
    result = page.locator("[data-bulk-said]")
    expect(result).to_contain_text("113 pris en charge, 7 non", timeout=30_000)
    expect(result).to_be_focused()
    expect(result.locator("li")).to_have_count(7)
    shoot(page, "bulk-result-desktop")
    assert_accessible(page)
    result.get_by_role("link", name="Voir pourquoi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("113 pris en charge, 7 non")
    expect(page.locator(".refused > li")).to_have_count(7)
    shoot(page, "bulk-run-desktop", full_page=True)
    assert_accessible(page)
    page.get_by_role("button", name="Réessayer les 7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7 pris en charge")
    assert set(statuses(blagis).values()) == {"acknowledged"}


def test_bulk_when_something_is_missing_then_the_dialog_says_so_and_keeps_the_rest(
    desktop: Page, blagis: str, filed: Filed, watch: Watch
) -> None:
    watch.allow("status of 422")
    references = list(reversed(filed(3)))
    page = opened(desktop)
    for reference in references[:2]:
        row_of(page, reference).get_by_role("checkbox").check()
    more = page.locator("[data-bulk-more]")
    more.locator("summary").click()
    shoot(page, "bulk-more-desktop")
    assert_accessible(page, without=UNDER_A_MENU)
    more.get_by_role("button", name="Mettre en attente").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Pourquoi attendre").fill("Une pièce manque.")
    dialog.get_by_role("button", name="Mettre en attente").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Dites qui vous attendez")
    expect(dialog.get_by_label("Pourquoi attendre")).to_have_value("Une pièce manque.")
    shoot(page, "bulk-ask-desktop")
    assert_accessible(page)
    page.keyboard.press("Escape")
    more.locator("summary").click()
    more.get_by_role("button", name="Mettre en attente").click()
    expect(dialog.get_by_label("Pourquoi attendre")).to_have_value("Une pièce manque.")
    dialog.get_by_label("Qui attendez-vous").fill("Enedis")
    dialog.get_by_role("button", name="Mettre en attente").click()
    expect(page.locator(".toast")).to_have_text("2 en attente Annuler z", use_inner_text=True)
    expect(row_of(page, references[2]).get_by_role("link")).to_be_focused()
    assert sorted(statuses(blagis).values()) == ["new", "waiting", "waiting"]


def test_bulk_on_a_phone_when_chosen_then_the_bar_stands_above_the_tabs(
    open_page: OpenPage, filed: Filed
) -> None:
    references = list(reversed(filed(6)))
    page = opened(open_page(PHONE, has_touch=True))
    for reference in references[:3]:
        row_of(page, reference).get_by_role("checkbox").tap()
    bar = page.locator(".bulkbar")
    expect(bar).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("3 choisis")
    shoot(page, "bulk-phone")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    box, tabs = bar.bounding_box(), page.locator(".tabbar").bounding_box()
    assert box
    assert tabs
    assert box["y"] + box["height"] <= tabs["y"]
    page.locator("[data-bulk-more] summary").tap()
    shoot(page, "bulk-more-phone")
    assert_accessible(page, without=UNDER_A_MENU)
    page.locator("[data-bulk-more]").get_by_role("button", name="Planifier").tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    shoot(page, "bulk-ask-phone")
    assert_accessible(page)
    page.get_by_label("Date prévue").fill(SOON.isoformat())
    page.get_by_role("dialog").get_by_role("button", name="Planifier").tap()
    expect(page.locator(".toast")).to_have_text("3 planifiés Annuler", use_inner_text=True)


def test_bulk_without_a_script_when_ticked_and_sent_then_pages_ask_and_answer(
    open_page: OpenPage, blagis: str, filed: Filed
) -> None:
    references = list(reversed(filed(3)))
    page = open_page(PHONE, java_script_enabled=False)
    login(page, "coordinateur")
    page.goto("/corbeille?vue=tous")
    for reference in references[:2]:
        row_of(page, reference).get_by_role("checkbox").check()
    page.locator("[data-bulk-more] summary").click()
    page.locator("[data-bulk-more]").get_by_role("button", name="Planifier").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Planifier : 2 signalements")
    page.get_by_label("Date prévue").fill(SOON.isoformat())
    page.get_by_role("button", name="Planifier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 planifiés")
    shoot(page, "bulk-run-phone")
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Corbeille").first.click()
    page.get_by_label("Choisir les 3").check()
    page.get_by_role("button", name="Prendre en charge", exact=True).click()
    page.get_by_role("button", name="Prendre en charge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 pris en charge, 2 non")
    assert sorted(statuses(blagis).values()) == ["acknowledged", "scheduled", "scheduled"]


def test_print_and_export_when_chosen_then_a_sheet_opens_and_a_file_comes(
    desktop: Page, filed: Filed
) -> None:
    references = list(reversed(filed(3)))
    page = opened(desktop)
    page.get_by_label("Choisir toute la page").check()
    page.locator("[data-bulk-more] summary").click()
    with page.context.expect_page() as other:
        page.get_by_role("button", name="Imprimer").click()
    sheet = other.value
    expect(sheet.locator(".sheet")).to_have_count(3)
    assert_accessible(sheet)
    sheet.emulate_media(media="print")
    shoot(sheet, "bulk-print", full_page=True)
    expect(sheet.get_by_role("button", name="Imprimer")).to_be_hidden()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Exporter pour tout tableur (CSV)").click()
    text = coming.value.path().read_text(encoding="utf-8-sig")
    assert all(reference in text for reference in references)
    assert coming.value.suggested_filename.endswith(".csv")


def test_two_people_at_one_list_when_one_moves_then_the_other_sees_it_within_15_s(
    desktop: Page, open_page: OpenPage, blagis: str, filed: Filed
) -> None:
    references = list(reversed(filed(4)))
    page = opened(desktop)
    colleague = opened(open_page(DESKTOP))
    row_of(page, references[2]).hover()
    tops = page.evaluate(
        "[...document.querySelectorAll('[data-reference]')].map((r) => r.offsetTop)"
    )
    for reference in (references[0], references[2]):
        row_of(colleague, reference).get_by_role("link").focus()
        colleague.keyboard.press("a")
        expect(row_of(colleague, reference)).to_contain_text("Pris en charge")
    badge = page.get_by_role("button", name="2 ont changé")
    expect(badge).to_be_visible(timeout=WITHIN_MS)
    expect(row_of(page, references[0])).to_contain_text("Pris en charge")
    expect(row_of(page, references[2])).to_contain_text("Nouveau")  # the cursor is on it
    expect(page).to_have_title("(2) Corbeille · Les Blagis, la carte commune")
    file(blagis, datetime.now(UTC))
    expect(page.get_by_role("button", name="1 nouveau signalement, 2 ont changé")).to_be_visible(
        timeout=WITHIN_MS
    )
    assert tops == page.evaluate(TOPS)
    shoot(page, "live-desktop")
    assert_accessible(page)
    row_of(page, references[1]).get_by_role("checkbox").check()
    page.locator("[data-live-load]").click()
    expect(page.locator("[data-rows] [data-reference]")).to_have_count(3)
    expect(page.locator("[data-live-load]")).to_be_hidden()
    expect(row_of(page, references[1]).get_by_role("checkbox")).to_be_checked()
    expect(page).to_have_title("Corbeille · Les Blagis, la carte commune")


def test_polling_when_the_tab_is_hidden_then_it_waits_and_304_carries_nothing(
    desktop: Page, filed: Filed
) -> None:
    filed(1)
    desktop.clock.install()
    page = opened(desktop)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/nouvelles" in sent.url else None)
    with page.expect_response(NEWS) as first:
        page.clock.run_for(11_000)
    assert first.value.status == 304
    page.wait_for_timeout(1_000)  # it has set out to ask again
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(11_000)
    page.wait_for_timeout(1_000)
    assert len(asked) == 1
    with page.expect_response(NEWS) as second:
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: false});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    assert second.value.status == 304
    page.wait_for_timeout(1_000)
    assert len(asked) == 2


def test_polling_when_the_network_fails_then_it_slows_down_and_comes_back(
    desktop: Page, blagis: str, filed: Filed, watch: Watch
) -> None:
    watch.allow("Failed to load resource")
    references = filed(1)
    desktop.clock.install()
    page = opened(desktop)
    page.route(NEWS, lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(11_000)
    page.unroute(NEWS)
    elsewhere(blagis, references[0], Status.ACKNOWLEDGED)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(row_of(page, references[0])).to_contain_text("Pris en charge", timeout=5_000)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_detail_when_it_changes_while_one_writes_then_it_is_said_and_the_text_kept(
    open_page: OpenPage, blagis: str, filed: Filed, viewport: ViewportSize
) -> None:
    reference = filed(1)[0]
    elsewhere(blagis, reference, Status.IN_PROGRESS)
    page = open_page(viewport)
    login(page, "coordinateur")
    page.goto(f"/signalements/{reference}")
    text = page.locator("#resolved-comment")
    page.keyboard.press("r")
    expect(text).to_be_focused()
    page.keyboard.type("Rebouché ce matin.")
    top = text.evaluate("(field) => field.getBoundingClientRect().top")
    engine = make_engine(blagis)
    with transaction(engine) as session:
        actor = person(session, "coordinateur")
        set_priority(session, actor, reference, Priority.HIGH, "Une école.", 2, datetime.now(UTC))
    engine.dispose()
    note = page.locator("[data-follow-note]")
    expect(note).to_be_visible(timeout=WITHIN_MS)
    assert text.evaluate("(field) => field.getBoundingClientRect().top") == top
    shoot(page, f"live-detail-{viewport['width']}")
    assert_accessible(page)
    note.get_by_role("button", name="Voir").click()
    expect(page.locator("main")).to_contain_text("Priorité haute")
    expect(text).to_have_value("Rebouché ce matin.")
    page.get_by_role("button", name="Résoudre et répondre").click()
    expect(page.locator(".flashes")).to_contain_text("Résolu.")
