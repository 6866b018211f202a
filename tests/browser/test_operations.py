"""The plan with real keys: an operation is dragged, its calendar read, each page checked."""

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.operations import Draft, FundingLine, Step
from qpvmap.core.periods import Period, Precision
from qpvmap.storage.accounts import actor_of
from qpvmap.storage.models import Account, Operation, Territory
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.operations import Wanted, add_operation
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
    uncovered,
)
from tests.conftest import NOW

REBUILT = Draft(
    title="Reconstruction de la maison de quartier, brûlée en juillet 2023, et de ses abords",
    communes=("92071", "92007"),
    theme="social",
    natures=("reconstruction",),
    status="works",
    owner="Ville de Sceaux",
    starts=Period(date(2025, 4, 1), Precision.QUARTER),
    ends=Period(date(2027, 1, 1), Precision.YEAR),
    cost=Decimal("1234567.50"),
    riots_2023=True,
    note="À revoir en comité.",
    place=LonLat(2.30302, 48.78411),
    position_quality="exact",
    lines=(
        FundingLine("ANRU", 2025, Decimal(600000), Decimal(450000), Decimal(120000)),
        FundingLine("Région", 2025, Decimal(200000), Decimal(150000)),
        FundingLine("Commune", 2026, None, Decimal(300000)),
        FundingLine("Fonds vert", 2026, Decimal(80000)),
    ),
    steps=(
        Step("studies", Period(date(2025, 1, 1), Precision.YEAR)),
        Step("works", Period(date(2026, 3, 1), Precision.MONTH)),
        Step("delivered", Period(date(2027, 12, 15), Precision.DAY)),
    ),
)


@pytest.fixture
def rebuilt(blagis: str) -> str:
    """Return the code of an operation of which everything is known."""
    engine = make_engine(blagis)
    with transaction(engine) as session:
        planner = session.scalars(select(Account).where(Account.email.startswith("planif"))).one()
        territory = session.scalars(select(Territory)).one()
        row = add_operation(session, actor_of(planner), territory, Wanted("", REBUILT), NOW)
        code = row.code
    engine.dispose()
    return code


def stored(url: str, code: str) -> tuple[str, int]:
    engine = make_engine(url)
    with Session(engine) as session:
        row = session.scalars(select(Operation).where(Operation.code == code)).one()
        found = row.position_quality, row.version
    engine.dispose()
    return found


def test_operation_when_dragged_then_its_place_follows_and_is_kept_exact(
    open_page: OpenPage, blagis: str
) -> None:
    page = open_page(DESKTOP)
    login(page, "planificateur")
    page.goto("/operations/SCX-04")
    pin = page.locator(".place-map .leaflet-marker-draggable")
    latitude = page.get_by_label("Latitude")
    before = float(latitude.input_value())
    box = pin.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] - 60, steps=6)
    page.mouse.up()
    expect(page.locator("[data-move-said]")).to_contain_text("Repère déplacé")
    dragged = float(latitude.input_value())
    assert dragged > before
    pin.focus()
    page.keyboard.press("Shift+ArrowDown")
    assert (dragged - float(latitude.input_value())) * 111_320 == pytest.approx(10, abs=0.2)
    page.get_by_role("button", name="Enregistrer ce lieu").click()
    expect(page.get_by_role("status").first).to_contain_text("il est maintenant exact")
    assert stored(blagis, "SCX-04") == ("exact", 2)
    expect(page.locator("#journal + ol")).to_contain_text("déplacement")


def bar(page: Page, words: str) -> dict[str, float]:
    box = page.locator(".plan-bar", has_text=words).locator("rect").first.bounding_box()
    assert box
    return {"left": box["x"], "right": box["x"] + box["width"]}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_plan_when_read_then_its_views_hold_and_the_calendar_says_when(
    open_page: OpenPage, rebuilt: str, size: ViewportSize
) -> None:
    page = open_page(size)
    name = "desktop" if size is DESKTOP else "phone"
    login(page, "planificateur")
    views = {
        "liste": "",
        "tableau": "/tableau?commune=92071",
        "calendrier": "/calendrier",
        "argent": "/argent",
        "perimetres": "/perimetres",
        "fiche": f"/{rebuilt}",
        "formulaire": f"/{rebuilt}/modifier",
        "classeur": "/classeur",
    }
    for view, path in views.items():
        page.goto(f"/operations{path}")
        expect(page.locator("h1")).to_be_visible()
        with uncovered(page):
            assert_accessible(page)
        assert_no_sideways_scroll(page)
        shoot(page, f"operations-{view}-{name}", full_page=True)
    page.goto("/operations/calendrier?par=theme")
    expect(page.get_by_role("img", name=re.compile("^Reconstruction"))).to_be_visible()
    studies, works, delivered = (bar(page, word) for word in ("Études", "Travaux", "Livrée"))
    assert studies["left"] < studies["right"] <= works["left"] + 1
    assert works["right"] <= delivered["left"] + 1
    lane = page.locator(".plan-lane").first.bounding_box()
    assert lane
    year = lane["width"] / 7
    assert works["left"] - lane["x"] == pytest.approx(year * (2 + 59 / 365), abs=year * 0.03)
    page.get_by_text("Voir le tableau").first.click()
    expect(page.get_by_role("table").first).to_contain_text("mars 2026")
