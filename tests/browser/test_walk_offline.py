"""A walk that the site does not know yet: prepared, walked and ended without network."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.storage.models import (
    Photo,
    Signalement,
    SiteWalk,
    WalkBody,
    WalkObservation,
    WalkPoint,
    WalkStop,
    WalkVisit,
)
from qpvmap.storage.session import make_engine
from tests.browser.conftest import (
    IN_THE_QUARTER,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
    uncovered,
)
from tests.browser.kept import wait_until_kept
from tests.browser.test_walks import PICTURE, current
from tests.pictures import photo

PHONE = {"width": 360, "height": 740}
PATHS = ("/parcours", "/parcours/marches/nouvelle", "/parcours/marches/sur-place")


def prepare(phone: Page) -> None:
    """Fill the form of a new walk: a title, another theme than the first, who comes."""
    phone.get_by_role("link", name="Préparer une marche").tap()
    phone.get_by_label("Titre").fill("Ronde du jeudi")
    phone.locator("input[name=theme]").last.check()
    phone.get_by_label("Habitantes et habitants").fill("4")
    shoot(phone, "walk-offline-new", full_page=True)
    phone.get_by_role("button", name=re.compile("Continuer")).tap()
    phone.wait_for_url("**/sur-place?marche=*")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ronde du jeudi")


def add_stops(phone: Page) -> None:
    """Add a stop where the phone stands, and another where the map is tapped."""
    box = phone.locator("[data-new-stop]")
    expect(box.get_by_text("À votre position, à 8 m près.")).to_be_visible()
    box.get_by_label("Nom de l’arrêt").fill("Devant l’école")
    box.get_by_role("button", name="Ajouter cet arrêt").tap()
    expect(phone.locator(current(phone)).get_by_role("heading")).to_contain_text("Arrêt 1.")
    box.locator("summary").tap()
    expect(box.get_by_text("À votre position, à 8 m près.")).to_be_visible()
    phone.locator("[data-walk-map]").click(position={"x": 60, "y": 60})
    expect(box.get_by_text("Là où vous avez touché la carte.")).to_be_visible()
    box.get_by_label("Nom de l’arrêt").fill("Le square")
    box.get_by_role("button", name="Ajouter cet arrêt").tap()
    expect(phone.locator(current(phone)).get_by_role("heading")).to_contain_text("Arrêt 2.")


def draw_line(phone: Page) -> None:
    """Draw the line of the walk on the map."""
    frame = phone.locator("[data-walk-map]")
    phone.get_by_role("button", name="Tracer le parcours").tap()
    for at in (40, 120, 200):
        frame.click(position={"x": at, "y": 140})
    expect(phone.get_by_text("3 points. Touchez la carte pour continuer.")).to_be_visible()
    phone.get_by_role("button", name="Enregistrer le tracé").tap()
    expect(
        phone.locator("[data-route-form]").get_by_text("Gardé sur ce téléphone.")
    ).to_be_visible()


def see_and_note(phone: Page) -> int:
    """Grade the two stops and note a defect with its photo; return how many items there are."""
    phone.locator("[data-stopnav] a").first.tap()
    for number in (1, 2):
        stop = phone.locator(current(phone))
        expect(stop.get_by_role("heading")).to_contain_text(f"Arrêt {number}.")
        items = stop.locator("[data-item]").count()
        stop.get_by_role("button", name="Tout est bon ici").tap()
        stop.locator(".walk-next").tap()
    expect(phone.get_by_text("2 sur 2", exact=True)).to_be_visible()
    phone.locator(f"{current(phone)} [data-point-at]").tap()
    form = phone.locator("[data-point] form")
    form.get_by_label("Quoi", exact=True).select_option("eclairage")
    form.get_by_label("En quelques mots").fill("Un lampadaire éteint.")
    form.locator("input[type=file]").set_input_files({**PICTURE, "buffer": photo()})
    form.get_by_role("button", name="Garder ce point").tap()
    expect(form.get_by_text("Gardé sur ce téléphone.")).to_be_visible()
    return items


def test_walk_when_begun_and_ended_without_network_then_all_of_it_arrives_in_order(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    watch.allow("net::ERR_")
    watch.allow("Failed to (load|fetch)")
    phone = open_page(PHONE, position=IN_THE_QUARTER, has_touch=True)
    login(phone, "mediateur")
    wait_until_kept(phone, *PATHS)
    phone.context.set_offline(True)
    before = datetime.now(UTC)
    phone.goto("/parcours")
    prepare(phone)
    add_stops(phone)
    draw_line(phone)
    items = see_and_note(phone)
    shoot(phone, "walk-offline-begun", full_page=True)
    with uncovered(phone):
        assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    phone.get_by_role("button", name="Terminer la marche").tap()
    expect(phone.get_by_text("Fin notée à")).to_be_visible()
    after = datetime.now(UTC)
    phone.reload()  # the phone was locked, the page came back
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ronde du jeudi")
    expect(phone.get_by_text("2 sur 2", exact=True)).to_be_visible()
    phone.goto("/parcours")
    expect(phone.get_by_text("Commencées dans ce téléphone")).to_be_visible()
    expect(phone.get_by_role("link", name="Ronde du jeudi")).to_be_visible()
    phone.goto("/envois")
    row = phone.locator("[data-group=ready] .outbox-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Ronde du jeudi")
    expect(row).to_contain_text("2 arrêts ajoutés, 1 trajet de marche, 2 arrêts de marche")
    shoot(phone, "walk-offline-outbox", full_page=True)
    row.get_by_role("link", name="Reprendre").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ronde du jeudi")
    here = phone.url

    phone.context.set_offline(False)
    phone.goto("/envois")
    sent = phone.locator("[data-group=sent] .outbox-row")
    expect(sent).to_have_count(1, timeout=60_000)
    expect(sent).to_contain_text("Marche « Ronde du jeudi »")
    phone.goto(here)
    phone.wait_for_url("**/compte-rendu")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ronde du jeudi")
    engine = make_engine(blagis)
    with Session(engine) as session:
        walk = session.scalars(select(SiteWalk)).one()
        assert (walk.title, walk.state) == ("Ronde du jeudi", "closed")
        assert walk.started_at is not None
        assert walk.closed_at is not None
        assert before <= walk.started_at <= walk.closed_at <= after
        assert len(walk.item_codes) == items
        assert walk.route_source == "drawn"
        assert session.scalars(select(WalkBody.heads)).all() == [4]
        stops = session.scalars(select(WalkStop).order_by(WalkStop.position)).all()
        assert [stop.label for stop in stops] == ["Devant l’école", "Le square"]
        assert len(session.scalars(select(WalkVisit)).all()) == 2
        assert len(session.scalars(select(WalkObservation)).all()) == 2 * items
        point = session.scalars(select(WalkPoint)).one()
        signalement = session.get_one(Signalement, point.signalement_id)
        assert (signalement.walk_id, point.stop_id) == (walk.id, stops[1].id)
        assert session.scalars(select(Photo.signalement_id)).all() == [signalement.id]
    engine.dispose()
