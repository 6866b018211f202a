"""The papers: opened, their text extracted, their pages drawn and looked at."""

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.french import NBSP, clock, long_day
from qpvmap.core.geo import LonLat
from qpvmap.core.photos import Moment
from qpvmap.outputs import pdf
from qpvmap.pictures import prepare
from qpvmap.settings import CHECKOUT
from qpvmap.storage.accounts import actor_of
from qpvmap.storage.contacts import add_contact
from qpvmap.storage.models import Account, Emprise, Signalement
from qpvmap.storage.session import transaction
from qpvmap.usecases.photos import PhotoSending, PhotoUpload, add_photo
from qpvmap.usecases.rounds import Depot, NewRound, create_round, set_depot
from tests.factories import Toy, box, make_account, make_signalement, make_territory
from tests.pictures import photo
from tests.web.people import sign_in

SHEETS = CHECKOUT / "var" / "screenshots"
NOW = datetime.now(UTC)
DUE = NOW + timedelta(days=10)


@dataclass
class Desk:
    """A team with its reports, and the client of one of its agents."""

    client: FlaskClient
    engine: Engine
    toy: Toy
    agent: Account

    def round(self, references: Sequence[str], depot: LonLat | None = None) -> int:
        with transaction(self.engine) as session:
            account = session.get_one(Account, self.agent.id)
            actor = actor_of(account)
            made = create_round(session, actor, NewRound(references), NOW).round
            if depot:
                set_depot(session, actor, made.id, Depot(depot, "Garage municipal"), NOW)
            return made.id


@pytest.fixture
def desk(app: Any, client: FlaskClient) -> Desk:
    engine = app.extensions["qpvmap"].engine
    with transaction(engine) as session:
        toy = make_territory(session)
        agent = make_account(session, toy, Role.AGENT, "technique-ouest", "police")
    return Desk(sign_in(client, agent), engine, toy, agent)


def reports(desk: Desk, count: int, **columns: Any) -> list[str]:
    with Session(desk.engine, expire_on_commit=False) as session:
        made = [
            make_signalement(
                session,
                desk.toy,
                reference=f"TO-2026-{number:04d}",
                point=LonLat(2.2985 + 0.0004 * (number % 8), 48.7803 + 0.0003 * (number // 8)),
                address=f"{number} rue de l’Égalité",
                description=f"Trou numéro {number} dans la chaussée, près de l’école.",
                created_at=NOW,
                due_at=DUE,
                **columns,
            ).reference
            for number in range(1, count + 1)
        ]
        session.commit()
    return made


def fetched(client: FlaskClient, path: str, folder: Path) -> Path:
    """Return a PDF that a page gave, as a file."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.headers.get("Location")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    file = folder / "paper.pdf"
    file.write_bytes(answer.data)
    return file


def text_of(file: Path) -> list[str]:
    """Return the text of each page."""
    said = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True
    )
    return said.stdout.split("\f")[:-1]


def draw(file: Path, name: str) -> list[Path]:
    """Draw each page to var/screenshots, to be looked at, and return the files."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    for former in SHEETS.glob(f"{name}-*.png"):
        former.unlink()
    subprocess.run(["pdftoppm", "-r", "80", "-png", file, SHEETS / name], check=True)
    return sorted(SHEETS.glob(f"{name}-*.png"))


def ink(page: Path) -> float:
    """Return which part of a page is not white."""
    grey = Image.open(page).convert("L")
    return sum(grey.histogram()[:240]) / (grey.width * grey.height)


def test_poppler_when_tests_run_then_is_there() -> None:
    assert shutil.which("pdftotext")
    assert shutil.which("pdftoppm")


def test_round_sheet_when_printed_then_holds_every_stop_in_order(
    desk: Desk, tmp_path: Path
) -> None:
    references = reports(desk, 23)
    round_id = desk.round(references, LonLat(2.2975, 48.7795))
    file = fetched(desk.client, f"/tournees/{round_id}.pdf", tmp_path)
    pages = text_of(file)
    whole = "\n".join(pages)
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} sur {len(pages)}" in page
        assert "Tournée du" in page
    assert "Garage municipal" in whole
    assert "de marche, hors interventions" in whole
    told = re.findall(r"TO-2026-\d{4}", whole)
    assert sorted(told) == sorted(references)
    for page in pages[1:]:
        assert "Quoi et où" in page  # the head of the table is on each page
        assert page.count("Pas possible, pourquoi") == len(re.findall(r"TO-2026-\d{4}", page))
    drawn = draw(file, "paper-round")
    assert len(drawn) == len(pages)
    assert all(0.01 < ink(page) < 0.5 for page in drawn)


def test_round_sheet_when_printed_then_is_tagged_for_screen_readers(
    desk: Desk, tmp_path: Path
) -> None:
    round_id = desk.round(reports(desk, 3))
    file = fetched(desk.client, f"/tournees/{round_id}.pdf", tmp_path)
    told = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged:\s+yes", told)
    assert re.search(r"Page size:.*A4", told)
    assert re.search(r"Title:\s+Tournée du", told)
    tags = subprocess.run(
        ["pdfinfo", "-struct-text", file], capture_output=True, text=True, check=True
    ).stdout
    assert "Table" in tags
    assert "Figure" in tags
    meta = subprocess.run(["pdfinfo", "-meta", file], capture_output=True, text=True, check=True)
    assert 'pdfuaid:part="1"' in meta.stdout


def test_round_sheet_when_a_stop_is_confidential_then_prints_no_detail(
    desk: Desk, tmp_path: Path
) -> None:
    with transaction(desk.engine) as session:
        make_signalement(
            session,
            desk.toy,
            category="rixe",
            team="police",
            reference="TO-T-2026-0001",
            description="Des hommes se battent avec des barres.",
            address="4 place des Fleurs",
            created_at=NOW,
            due_at=NOW + timedelta(days=1),
        )
    round_id = desk.round(["TO-T-2026-0001"])
    whole = "\n".join(text_of(fetched(desk.client, f"/tournees/{round_id}.pdf", tmp_path)))
    order = "\n".join(
        text_of(fetched(desk.client, "/signalements/TO-T-2026-0001/bon.pdf", tmp_path))
    )
    for paper in (whole, order):
        assert "Tranquillité (confidentiel)" in paper
        assert "4 place des Fleurs" in paper
        assert "barres" not in paper
        assert "Rixe" not in paper


def test_round_sheet_when_there_are_sixty_stops_then_is_made_in_bounded_time(
    desk: Desk, tmp_path: Path
) -> None:
    round_id = desk.round(reports(desk, 60))
    start = time.monotonic()
    file = fetched(desk.client, f"/tournees/{round_id}.pdf", tmp_path)
    assert time.monotonic() - start < pdf.PATIENCE_S
    assert len(re.findall(r"TO-2026-\d{4}", "\n".join(text_of(file)))) == 60


def test_round_sheet_when_the_round_is_empty_then_is_still_a_sheet(
    desk: Desk, tmp_path: Path
) -> None:
    pages = text_of(fetched(desk.client, f"/tournees/{desk.round([])}.pdf", tmp_path))
    assert len(pages) == 1
    assert "Aucune marche" in pages[0]


def test_work_order_when_printed_then_says_where_why_and_what(desk: Desk, tmp_path: Path) -> None:
    (reference,) = reports(desk, 1)
    with transaction(desk.engine) as session:
        files = desk.client.application.extensions["qpvmap"].files
        actor = actor_of(session.get_one(Account, desk.agent.id))
        upload = PhotoUpload(PhotoSending(uuid4(), Moment.BEFORE), prepare(photo(640, 480)))
        add_photo(session, files, actor, reference, upload, NOW)
        row = session.query(Signalement).filter_by(reference=reference).one()
        ground = Emprise(
            territory_id=row.territory_id,
            code="R1",
            name="résidence des Tilleuls",
            kind="residence",
            organisation_id=desk.toy.teams["police"].organisation_id,
            source="Plan du syndic",
            confidence=0.8,
            perimeter=box(2.298, 48.780, 2.300, 48.782),
        )
        session.add(ground)
        session.flush()
        row.emprise_id, row.priority = ground.id, "emergency"
        details = ContactDetails(name="Aïcha Diallo", email="aicha@example.org", consent=True)
        add_contact(session, actor, row.id, details, NOW)
    file = fetched(desk.client, f"/signalements/{reference}/bon.pdf", tmp_path)
    (page,) = text_of(file)
    for words in (
        f"Bon d’intervention {reference}",
        "Trou numéro 1",
        "1 rue de l’Égalité",
        "Ouestville",
        "Équipe technique-ouest",
        "Résidence des Tilleuls, géré par Organisme police",
        f"{long_day(DUE, NOW.date())}, {clock(DUE)}".replace(NBSP, " "),
        "Pourquoi ce service",
        "Photos avant",
        "Arrivée à",
        "Signature",
    ):
        assert words in page
    assert "Diallo" not in page
    assert "aicha" not in page
    (drawn,) = draw(file, "paper-order")
    assert 0.02 < ink(drawn) < 0.6


@pytest.mark.parametrize("path", ["/tournees/{id}.pdf", "/tournees/{id}/plan.svg"])
def test_papers_when_asked_by_another_team_then_are_not_there(desk: Desk, path: str) -> None:
    round_id = desk.round([])
    with transaction(desk.engine) as session:
        other = make_account(session, desk.toy, Role.AGENT, "technique-est")
        resident = make_account(session, desk.toy, Role.RESIDENT)
    client = desk.client.application.test_client()
    assert client.get(path.format(id=round_id)).status_code == 303
    assert sign_in(client, other).get(path.format(id=round_id)).status_code == 404
    assert sign_in(client, resident).get(path.format(id=round_id)).status_code == 403


def test_work_order_when_asked_by_who_does_not_handle_then_is_refused(desk: Desk) -> None:
    (reference,) = reports(desk, 1)
    with transaction(desk.engine) as session:
        other = make_account(session, desk.toy, Role.AGENT, "technique-est")
    client = desk.client.application.test_client()
    path = f"/signalements/{reference}/bon.pdf"
    assert client.get(path).status_code == 303
    assert sign_in(client, other).get(path).status_code == 403
    assert sign_in(client, other).get("/signalements/NON/bon.pdf").status_code == 404


def test_papers_when_the_printer_is_busy_then_the_page_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id = desk.round([])
    monkeypatch.setattr(pdf, "WAIT_S", 0.01)
    held = [pdf._turns.acquire(timeout=1) for _ in range(pdf.AT_ONCE)]
    try:
        answer = desk.client.get(f"/tournees/{round_id}.pdf", follow_redirects=True)
    finally:
        for _ in held:
            pdf._turns.release()
    assert "réessayez dans un instant" in answer.get_data(as_text=True)


def test_plan_when_a_page_has_no_script_then_is_a_drawing(desk: Desk) -> None:
    round_id = desk.round(reports(desk, 2), LonLat(2.2975, 48.7795))
    answer = desk.client.get(f"/tournees/{round_id}/plan.svg")
    assert answer.mimetype == "image/svg+xml"
    drawing = answer.get_data(as_text=True)
    assert drawing.count("<circle") >= 2
    assert "style=" not in drawing
    assert "polyline" in drawing
