"""Every morning, place the structures of the guide, and ask those unchecked for a year."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext

from qpvmap.core.equipment_lists import SURE
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, find_all
from qpvmap.guide_links import guide_links
from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.outputs.guide_letter import ask_to_review
from qpvmap.storage.models import GuideStructure
from qpvmap.storage.session import transaction
from qpvmap.usecases.guide_places import place_structures, unplaced_structures
from qpvmap.usecases.guide_review import ReviewLetter, send_due_reviews

log = structlog.get_logger()


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


@APP.periodic(cron="20 5 * * *")
@APP.task(name="guide_places", queueing_lock="guide_places", pass_context=True)
def guide_places(context: JobContext, timestamp: int) -> None:
    """Place the structures whose address is found; without an answer, they wait for tomorrow."""
    settings, engine = settings_of(context), engine_of(context)
    with transaction(engine) as session:
        waiting = unplaced_structures(session)
    if not waiting:
        return
    asked = [Asked(each.address, each.insee_code) for each in waiting]
    try:
        answers = find_all(settings, asked, lambda _done, _of: None)
    except GeocoderUnavailable:
        log.warning("guide_places_unanswered", count=len(waiting))
        return
    found = [
        (each, answer.point)
        for each, answer in zip(waiting, answers, strict=True)
        if answer is not None and answer.score >= SURE
    ]
    with transaction(engine) as session:
        placed = place_structures(session, found, datetime.fromtimestamp(timestamp, UTC))
    log.info("guide_places_found", count=placed, of=len(waiting))
