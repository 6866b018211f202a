"""The yearly review of the guide, by a real worker: one mail, whose link opens the page."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import Engine, Numeric, cast, func, select, update

from qpvmap.core.geo import LonLat
from qpvmap.guide_links import GuideLinks
from qpvmap.storage.models import BanAddress, GuideStructure
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import point_of
from qpvmap.usecases.guide_places import unplaced_structures
from tests.geocoders import geocoding_service
from tests.jobs.workers import SECRET_KEY, environment_of, wait_for, worker

NOW = datetime(2026, 11, 25, 6, 35, tzinfo=UTC)
ON_THE_HOUR = NOW.replace(minute=0)
MAIL = "accueil@structure.example"
IN_BAGNEUX = (2.3026, 48.7879)


def test_review_when_the_morning_comes_then_one_mail_whose_link_is_good(
    blagis: str, tmp_path: Path
) -> None:
    engine = make_engine(blagis)
    with transaction(engine) as session:
        row = session.scalars(select(GuideStructure).where(GuideStructure.code == "aspe")).one()
        row.email = MAIL
        for _ in range(2):
            enqueue(session, "guide_reviews", timestamp=int(NOW.timestamp()))
    with worker(environment_of(blagis, tmp_path)):
        path = wait_for(lambda: next(tmp_path.glob("outbox/*.eml"), None))
        wait_for(path.read_bytes)
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    engine.dispose()
    assert mail["To"] == MAIL
    assert "ASPE" in mail.get_content()
    link = re.search(r"/guide/verifier/(\S+)", mail.get_content())
    assert link
    opened = GuideLinks("", SECRET_KEY).reviewing(link[1])
    assert opened and opened.email == MAIL
    assert len(list(tmp_path.glob("outbox/*.eml"))) == 1


def test_places_when_no_service_answers_then_by_the_addresses_that_were_imported(
    blagis: str, tmp_path: Path
) -> None:
    engine = make_engine(blagis)
    known = BanAddress(
        key="1", insee_code="92007", label="3 Rue Haute, Bagneux", words="3 rue haute bagneux"
    )
    known.location = point_of(LonLat(*IN_BAGNEUX))  # type: ignore[assignment]
    with transaction(engine) as session:
        session.add(known)
        session.execute(update(GuideStructure).values(address=""))
        row = session.scalars(select(GuideStructure).where(GuideStructure.code == "aspe")).one()
        row.address = "3 rue Haute, Bagneux"
        enqueue(session, "guide_places", timestamp=int(ON_THE_HOUR.timestamp()))
    with worker(environment_of(blagis, tmp_path)):
        assert list(wait_for(lambda: placed(engine))) == ["aspe"]
    engine.dispose()


def test_places_when_looked_for_between_hours_then_those_just_written_alone(blagis: str) -> None:
    engine = make_engine(blagis)
    with transaction(engine) as session:
        session.execute(update(GuideStructure).values(address=""))
        for code, hours in (("aspe", 2), ("club-relais", 0)):
            row = session.scalars(select(GuideStructure).where(GuideStructure.code == code)).one()
            row.address, row.updated_at = "3 rue Haute, Bagneux", NOW - timedelta(hours=hours)
        assert len(unplaced_structures(session)) == 2
        [new] = unplaced_structures(session, NOW - timedelta(hours=1))
        assert new.id == row.id
    engine.dispose()


def test_places_when_the_hour_comes_then_sure_addresses_of_the_towns_are_on_the_map(
    blagis: str, tmp_path: Path
) -> None:
    engine = make_engine(blagis)
    addresses = {
        "aspe": "3 rue Haute",
        "club-relais": "4 rue douteux",
        "m7-service-jeunesse": "5 rue introuvable",
        "france-travail": "6 rue loin",
    }
    with transaction(engine) as session:
        session.execute(update(GuideStructure).values(address=""))
        for code, address in addresses.items():
            row = session.scalars(select(GuideStructure).where(GuideStructure.code == code)).one()
            row.address, before = address, row.version
        enqueue(session, "guide_places", timestamp=int(ON_THE_HOUR.timestamp()))
    with (
        geocoding_service() as (service, url),
        worker(environment_of(blagis, tmp_path) | {"QPVMAP_GEOCODER_URL": url}),
    ):
        service.here = IN_BAGNEUX
        places = wait_for(lambda: placed(engine))
    assert places == {"aspe": (*IN_BAGNEUX, "address", before)}
    engine.dispose()


def placed(engine: Engine) -> dict[str, tuple[float, float, str, int]]:
    """Return where structures are, how surely, and at which version, by their code."""
    at = GuideStructure.location
    asked = select(
        GuideStructure.code,
        func.round(cast(func.ST_X(at), Numeric), 4),
        func.round(cast(func.ST_Y(at), Numeric), 4),
        GuideStructure.position_quality,
        GuideStructure.version,
    ).where(at.isnot(None))
    with transaction(engine) as session:
        return {
            code: (float(lon), float(lat), quality, version)
            for code, lon, lat, quality, version in session.execute(asked)
        }
