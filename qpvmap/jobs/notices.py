"""Tell people: a line of a journal becomes notices, and each notice is delivered once."""

from datetime import UTC, datetime

from procrastinate import JobContext

from qpvmap.jobs.app import APP, engine_of
from qpvmap.storage.session import transaction
from qpvmap.usecases.telling import TELL, tell


@APP.task(name=TELL, pass_context=True)
def tell_event(context: JobContext, event_id: int, contact_id: int | None = None) -> None:
    """Post the notices of a line of a journal."""
    with transaction(engine_of(context)) as session:
        tell(session, event_id, contact_id, datetime.now(UTC))
