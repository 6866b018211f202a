"""A town's own list by a real worker: found, unsure, silent and late services, sent again."""

import math
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.equipment_lists import ListFate, ListState, Outcome, outcome_of
from qpvmap.core.geo import LonLat
from qpvmap.importers.place_lists import read_sheets, recognised, source_name, told_of
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.models import (
    Account,
    BanAddress,
    Equipment,
    EquipmentList,
    GuideStructure,
    UnplacedEquipment,
)
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import point_of
from qpvmap.storage.territory import find_territory
from qpvmap.storage.unplaced import waiting_places
from qpvmap.usecases.equipment import place_equipment
from qpvmap.usecases.equipment_list_writing import RETRY_AFTER
from qpvmap.usecases.equipment_lists import SentFile, go_on, keep_list, remove_gone, start_list
from tests.geocoders import geocoding_service
from tests.jobs.workers import environment_of, free_port, wait_for, worker
from tests.web.people import add_person

HERE = (2.3026, 48.7879)
THERE = LonLat(2.3030, 48.7881)
DOWN = "http://127.0.0.1:9/search"
TITLES = "Nom;Adresse;Commune;Catégorie;Horaires"
ROWS = (
    "Gymnase Haut;3 rue Haute;Bagneux;Sport;Mo-Fr 09:00-18:00",
    "Salle floue;4 rue douteux;Bagneux;Culture;",
    "Halle;lieu introuvable;Bagneux;Commerce;",
    "Piscine;6 rue loin;Bagneux;Sport;",
    "Gymnase Haut;3 rue Haute;Bagneux;Sport;",
    "Refusé;7 rue Haute;Bagneux;Vaisseau;",
)


@dataclass
class Lists:
    """Sends lists as a planner would, and looks at what became of them."""

    engine: Engine
    account: Account
    territory_id: int

    def send(self, *rows: str, name: str = "Équipements") -> UUID:
        content = "\n".join((TITLES, *rows)).encode()
        sheets = read_sheets("liste.csv", content)
        choices = replace(recognised(sheets), name=name, vintage=2026)
        sent = SentFile("liste.csv", "0" * 64, told_of(sheets))
        with transaction(self.engine) as session:
            actor = actor_by_id(session, self.account.id)
            key = keep_list(session, actor, self.territory_id, sent, choices, now())
            source = source_name(name, "blagis")
            start_list(session, actor, self.territory_id, key, source, now())
        return key

    def go_on(self, key: UUID, **options: bool) -> None:
        with transaction(self.engine) as session:
            actor = actor_by_id(session, self.account.id)
            go_on(session, actor, self.territory_id, key, now(), **options)

    def look_again(self, at: datetime) -> None:
        """Have the worker do at once what it does every five minutes, as if it were `at`."""
        with transaction(self.engine) as session:
            enqueue(session, "go_on_with_equipment_lists", timestamp=math.ceil(at.timestamp()))

    def row(self, key: UUID) -> EquipmentList:
        with Session(self.engine) as session:
            return session.scalars(select(EquipmentList).where(EquipmentList.id == key)).one()

    def until(self, key: UUID, state: ListState) -> EquipmentList:
        def reached() -> EquipmentList | None:
            row = self.row(key)
            return row if row.state == state else None

        found: EquipmentList = wait_for(reached)
        return found

    def outcome(self, key: UUID) -> dict[str, list[str]]:
        told = self.report(key)
        return {fate: [row.name for row in told.of(fate)] for fate in ListFate if told.of(fate)}

    def report(self, key: UUID) -> Outcome:
        row = self.until(key, ListState.DONE)
        assert row.outcome
        return outcome_of(row.outcome)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def lists(blagis: str) -> Iterator[Lists]:
    engine = make_engine(blagis)
    account = add_person(engine, Role.PLANNER)
    with transaction(engine) as session:
        territory = find_territory(session, "blagis")
        assert territory
        session.execute(update(GuideStructure).values(address=""))  # the guide asks for nothing
    yield Lists(engine, account, territory.id)
    engine.dispose()


Environment = Callable[[str], dict[str, str]]


@pytest.fixture
def environment(blagis: str, tmp_path: Path) -> Environment:
    def made(url: str) -> dict[str, str]:
        told = {"QPVMAP_GEOCODER_URL": url, "QPVMAP_GEOCODER_TIMEOUT_S": "0.1"}
        return environment_of(blagis, tmp_path) | told

    return made


def test_list_when_sent_then_placed_the_doubtful_waits_and_sent_again_it_updates(
    lists: Lists, environment: Environment
) -> None:
    with geocoding_service() as (service, url), worker(environment(url)):
        service.here = HERE
        first = lists.send(*ROWS)
        assert lists.outcome(first) == {
            "created": ["Gymnase Haut"],
            "review": ["Salle floue", "Halle", "Piscine"],
            "refused": ["Refusé"],
            "duplicate": ["Gymnase Haut"],
        }
        why = {row.name: row.why for row in lists.report(first).of(ListFate.REVIEW)}
        assert why["Piscine"] == "adresse trouvée hors des villes du territoire"
        assert why["Halle"] == "adresse introuvable"
        with Session(lists.engine) as session:
            gym = session.scalars(select(Equipment).where(Equipment.name == "Gymnase Haut")).one()
            assert (gym.position_quality, gym.position_score, gym.insee_code) == (
                "address",
                0.9,
                "92007",
            )
            waits = waiting_places(session, lists.territory_id)
            assert [(one.name, one.score) for one in waits] == [
                ("Piscine", 0.9),
                ("Salle floue", 0.41),
                ("Halle", None),
            ]
            hall = next(one for one in waits if one.name == "Halle")
        with transaction(lists.engine) as session:
            actor = actor_by_id(session, lists.account.id)
            territory = find_territory(session, "blagis")
            assert territory
            place_equipment(session, actor, territory, hall.id, THERE, now())
        asked = len(service.asked)
        again = lists.send(
            "Gymnase Haut;3 rue Haute;Bagneux;Sport;Mo-Fr 09:00-18:00",
            "Halle;lieu introuvable;Bagneux;Commerce;Sa 09:00-12:00",
            "Neuf;8 rue Haute;Bagneux;Sport;",
        )
        assert lists.outcome(again) == {
            "created": ["Neuf"],
            "changed": ["Halle"],
            "unchanged": ["Gymnase Haut"],
        }
        assert service.asked[asked:] == [1]
        moved = lists.send("Gymnase Haut;30 rue Haute;Bagneux;Sport;", "Halle;x;Bagneux;Commerce;")
        assert lists.outcome(moved) == {"changed": ["Gymnase Haut", "Halle"]}
    assert list(lists.report(moved).gone.values()) == ["Neuf"]
    with Session(lists.engine) as session:
        rows = session.scalars(select(Equipment).where(Equipment.source.like("Liste %"))).all()
        told = {row.name: row for row in rows}
        assert set(told) == {"Gymnase Haut", "Halle", "Neuf"}
        assert told["Gymnase Haut"].address == "30 rue Haute Bagneux"
        assert told["Gymnase Haut"].opening_hours == ""
        assert told["Halle"].extra.get("placed_by_hand") is True
        assert session.scalars(select(UnplacedEquipment)).all() == []
    with transaction(lists.engine) as session:
        actor = actor_by_id(session, lists.account.id)
        assert remove_gone(session, actor, lists.territory_id, moved, now()) == 1
        assert session.scalars(select(EquipmentList.id)).all() == [moved]


def test_service_when_silent_midway_then_paused_kept_and_gone_on_with(
    lists: Lists, environment: Environment
) -> None:
    port = free_port()
    rows = [f"Lieu {n};{n} rue Haute;Bagneux;Sport;" for n in range(450)]
    with worker(environment(f"http://127.0.0.1:{port}/search")):
        with geocoding_service(port) as (service, _):
            service.here, service.wait_s = HERE, 1.0
            key = lists.send(*rows)
            wait_for(lambda: lists.row(key).answered >= 200)
            service.wait_s = 5.0  # later than the worker waits for
            paused = lists.until(key, ListState.PAUSED)
        assert "ne répond pas" in paused.trouble
        kept = paused.answered
        assert 200 <= kept < 450
        assert paused.asked == 450
        lists.go_on(key)
        assert lists.until(key, ListState.PAUSED).answered == kept
        with geocoding_service(port) as (service, _):
            service.here = HERE
            lists.go_on(key)
            assert len(lists.outcome(key)["created"]) == 450
            assert sum(service.asked) == 450 - kept


def test_service_when_it_answers_again_then_the_list_goes_on_with_nobody_there(
    lists: Lists, environment: Environment
) -> None:
    port = free_port()
    with worker(environment(f"http://127.0.0.1:{port}/search")):
        key = lists.send(ROWS[0])
        paused = lists.until(key, ListState.PAUSED)
        assert paused.retry_at and timedelta(0) < paused.retry_at - now() <= RETRY_AFTER
        lists.look_again(paused.retry_at - timedelta(seconds=1))
        lists.look_again(paused.retry_at)
        wait_for(lambda: lists.row(key).advanced_at > paused.advanced_at)
        again = lists.until(key, ListState.PAUSED)
        assert again.retry_at and again.retry_at > paused.retry_at
        with geocoding_service(port) as (service, _):
            service.here = HERE
            lists.look_again(again.retry_at)
            assert lists.outcome(key) == {"created": ["Gymnase Haut"]}
    assert lists.row(key).retry_at is None


def test_service_when_down_then_the_rest_may_wait_for_a_person(
    lists: Lists, environment: Environment
) -> None:
    with worker(environment(DOWN)):
        key = lists.send(ROWS[0])
        lists.until(key, ListState.PAUSED)
        lists.go_on(key, without_search=True)
        assert lists.report(key).of(ListFate.REVIEW)[0].why == "adresse non cherchée"


def test_addresses_when_imported_then_found_without_a_service(
    lists: Lists, environment: Environment
) -> None:
    with transaction(lists.engine) as session:
        known = BanAddress(
            key="1", insee_code="92007", label="3 Rue Haute, Bagneux", words="3 rue haute bagneux"
        )
        known.location = point_of(LonLat(*HERE))  # type: ignore[assignment]
        session.add(known)
    with worker(environment("")):
        key = lists.send(ROWS[0], "Ailleurs;Boulevard inconnu;Bagneux;Sport;")
        assert lists.outcome(key) == {"created": ["Gymnase Haut"], "review": ["Ailleurs"]}
        assert "Base adresse nationale" in lists.report(key).notes[0]


def test_worker_when_killed_midway_then_the_next_goes_on(
    lists: Lists, environment: Environment
) -> None:
    rows = [f"Lieu {n};{n} rue Haute;Bagneux;Sport;" for n in range(450)]
    with geocoding_service() as (service, url):
        service.here, service.wait_s = HERE, 1.0
        with worker(environment(url)) as process:
            key = lists.send(*rows)
            wait_for(lambda: lists.row(key).answered >= 200)
            process.send_signal(signal.SIGKILL)
        assert lists.row(key).state == ListState.SEARCHING
        service.wait_s = 0.0
        before = sum(service.asked)
        with worker(environment(url)):
            assert len(lists.outcome(key)["created"]) == 450
        assert sum(service.asked) - before < 450


def test_list_when_dropped_while_it_is_searched_then_nothing_is_written(
    lists: Lists, environment: Environment
) -> None:
    with geocoding_service() as (service, url), worker(environment(url)):
        service.here, service.wait_s = HERE, 0.5
        key = lists.send(*(f"Lieu {n};{n} rue Haute;Bagneux;Sport;" for n in range(450)))
        wait_for(lambda: lists.row(key).answered >= 200)
        with transaction(lists.engine) as session:
            session.delete(session.get_one(EquipmentList, key))
        other = lists.send(ROWS[0], name="Autre")
        assert lists.outcome(other) == {"created": ["Gymnase Haut"]}
    with Session(lists.engine) as session:
        named: Any = select(Equipment.name).where(Equipment.name.like("Lieu %"))
        assert session.scalars(named).all() == []
