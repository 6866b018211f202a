"""A town's own list in a real browser: a real worker, an address service down, slow, then up."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenPage, login
from tests.browser.test_guide import looked_at
from tests.geocoders import geocoding_service
from tests.jobs.workers import environment_of, free_port, worker
from tests.web.test_equipment_lists import workbook

TITLES = ["Quoi", "Adresse", "Ville", "Catégorie", "Horaires", "PMR"]
ROWS = [
    ["Gymnase Haut", "3 rue Haute", "Bagneux", "Gymnase", "Mo-Fr 09:00-18:00", "oui"],
    ["Maison des associations et de la vie citoyenne", "4 rue douteux", "Bagneux", "Fêtes", "", ""],
    ["", "5 rue Haute", "Bagneux", "Sport", "", ""],
    *([f"Salle {n}", f"{n} rue Haute", "Bagneux", "Culture", "", ""] for n in range(230)),
]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_list_when_sent_then_corrected_searched_in_spite_of_the_service_and_reported(
    open_page: OpenPage, blagis: str, tmp_path: Path, size: ViewportSize
) -> None:
    port = free_port()
    environment = environment_of(blagis, tmp_path) | {
        "QPVMAP_GEOCODER_URL": f"http://127.0.0.1:{port}/search"
    }
    page = open_page(size)
    login(page, "planificateur")
    page.goto("/equipements")
    page.get_by_role("link", name="Ajouter une liste").click()
    looked_at(page, "lists")
    page.get_by_label("Tableau", exact=True).set_input_files(
        FilePayload(
            name="Équipements 2026.xlsx", mimeType="application/x", buffer=workbook(TITLES, ROWS)
        )
    )
    page.get_by_role("button", name="Voir comment il est lu").click()
    expect(page.get_by_text("Aucun lieu n’est compris")).to_be_visible()
    page.get_by_label("Numéro de la ligne des titres").fill("3")
    page.get_by_role("button", name="Relire avec ces choix").click()
    page.get_by_label("Nom", exact=True).select_option("0")
    page.get_by_role("button", name="Relire avec ces choix").click()
    page.get_by_label("« Fêtes »").select_option("culture")
    looked_at(page, "list-reading")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("relue avec vos nouveaux choix")).to_be_visible()
    page.get_by_role("button", name="Enregistrer 232 lieux").click()
    expect(page.get_by_role("heading", name="Enregistrement en cours")).to_be_visible()
    with worker(environment):
        expect(page.get_by_role("heading", name="Recherche arrêtée")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("alert")).to_contain_text(
            re.compile(r"ne répond pas.* Nouvel essai à \d")
        )
        looked_at(page, "list-paused")
        with geocoding_service(port) as (service, _):
            service.here, service.held_from = (2.3026, 48.7879), 2
            page.get_by_role("button", name="Essayer maintenant").press("Enter")
            said = page.get_by_role("status").filter(has_text="200 adresses cherchées sur 232")
            expect(said).to_be_visible(timeout=60_000)
            looked_at(page, "list-progress")
            service.go_on.set()
            expect(page.get_by_role("heading", name="À revoir")).to_be_visible(timeout=60_000)
    looked_at(page, "list-report")
    expect(page.get_by_role("main")).to_contain_text("sûr à 41")
    with page.expect_download() as kept:
        page.get_by_role("link", name="Rapport .xlsx").click()
    assert kept.value.suggested_filename == "rapport-equipements.xlsx"
