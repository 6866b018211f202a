"""Place the structures of the guide; every morning, ask those unchecked for a year."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from procrastinate import JobContext
from sqlalchemy import Engine

from qpvmap.core.equipment_lists import SURE
from qpvmap.core.geo import LonLat
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, find_all
from qpvmap.guide_links import guide_links
from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.outputs.guide_letter import ask_to_review
from qpvmap.settings import Settings
from qpvmap.storage.addresses import nearest_address
from qpvmap.storage.models import GuideStructure
from qpvmap.storage.session import transaction
from qpvmap.usecases.guide_places import Unplaced, place_structures, unplaced_structures
from qpvmap.usecases.guide_review import ReviewLetter, send_due_reviews

log = structlog.get_logger()

EVERY_MINUTES = 10
NEW_FOR = timedelta(hours=1)
"""How long a structure that was just written is looked for at each turn: it may be the network."""


@APP.periodic(cron="35 6 * * 1-5")
@APP.task(name="guide_reviews", queueing_lock="guide_reviews", pass_context=True)
def guide_reviews(context: JobContext, timestamp: int) -> None:
    """Send each its link; a second run finds nobody left to ask."""
    links = guide_links(settings_of(context))

    def write(structure: GuideStructure, territory_name: str) -> ReviewLetter:
        link = links.review(structure.id, structure.email)
        again = structure.asked > 0
        return ReviewLetter(*ask_to_review(structure.name, territory_name, link, again=again))

    with transaction(engine_of(context)) as session:
        asked = send_due_reviews(session, write, datetime.fromtimestamp(timestamp, UTC))
    if asked:
        log.info("guide_reviews_asked", count=asked)


@APP.periodic(cron="*/10 * * * *")
@APP.task(name="guide_places", queueing_lock="guide_places", pass_context=True)
def guide_places(context: JobContext, timestamp: int) -> None:
    """Place the structures whose address is found: new ones at once, the others every hour."""
    settings, engine = settings_of(context), engine_of(context)
    now = datetime.fromtimestamp(timestamp, UTC)
    since = None if now.minute < EVERY_MINUTES else now - NEW_FOR
    with transaction(engine) as session:
        waiting = unplaced_structures(session, since)
    if not waiting:
        return
    found = found_places(settings, engine, waiting)
    with transaction(engine) as session:
        placed = place_structures(session, found, now)
    log.info("guide_places_found", count=placed, of=len(waiting))


def found_places(
    settings: Settings, engine: Engine, waiting: Sequence[Unplaced]
) -> list[tuple[Unplaced, LonLat]]:
    """Return where addresses surely are; without a service, by the addresses that are imported."""
    asked = [Asked(each.address, each.insee_code) for each in waiting]
    try:
        told = find_all(settings, asked, lambda _done, _of: None)
        answers = [(one.score, one.point) if one else None for one in told]
    except GeocoderUnavailable:
        with transaction(engine) as session:
            near = [nearest_address(session, one.address, one.insee_code) for one in asked]
        answers = [one[1:] if one else None for one in near]
    pairs = zip(waiting, answers, strict=True)
    return [(each, one[1]) for each, one in pairs if one and one[0] >= SURE]
