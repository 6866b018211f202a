"""Every morning, ask the structures of the guide that nobody has checked for a year."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext

from qpvmap.guide_links import guide_links
from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.outputs.guide_letter import ask_to_review
from qpvmap.storage.models import GuideStructure
from qpvmap.storage.session import transaction
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
