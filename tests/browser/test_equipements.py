"""Equipment in a real browser: the list, what is missing where, what waits for a person."""

import pytest
from playwright.sync_api import ViewportSize, expect
from sqlalchemy import select

from qpvmap.storage.equipment import find_matches
from qpvmap.storage.models import Territory, UnplacedEquipment
from qpvmap.storage.session import make_engine, transaction
from tests.api.test_equipements import twins
from tests.browser.conftest import DESKTOP, PHONE, OpenPage, login
from tests.browser.test_guide import looked_at

VALUES = {"name": "Salle perdue", "theme": "culture", "kind": "culture", "extra": {}}


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_equipment_when_read_and_reviewed_then_each_page_holds(
    open_page: OpenPage, blagis: str, size: ViewportSize
) -> None:
    engine = make_engine(blagis)
    with transaction(engine) as session:
        territory_id = session.scalars(select(Territory.id)).one()
        twins(session)
        find_matches(session, territory_id)
        session.add(
            UnplacedEquipment(
                territory_id=territory_id,
                source="Liste équipements 2026",
                source_key="salle",
                values={**VALUES, "source": "Liste", "source_key": "salle", "vintage": 2026},
                address="lieu-dit introuvable, Bagneux",
                score=0.41,
                label="Rue des Introuvables, Bagneux",
            )
        )
    engine.dispose()
    page = open_page(size)
    login(page, "planificateur")
    page.goto("/equipements")
    looked_at(page, "equipements")
    page.get_by_role("link", name="Ce qui manque où").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui manque où")
    looked_at(page, "coverage")
    page.goto("/equipements/a-placer")
    looked_at(page, "waiting")
    page.get_by_label("Latitude").fill("48,7879")
    page.get_by_label("Longitude").fill("2,3026")
    page.get_by_role("button", name="Placer ici").click()
    expect(page.locator(".flashes")).to_contain_text("Salle perdue : placé.")
    page.goto("/equipements/doublons")
    looked_at(page, "matches")
    page.get_by_role("button", name="Un seul").click()
    expect(page.locator(".flashes")).to_contain_text("Un seul lieu")
