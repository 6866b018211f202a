"""Once a day, the files that no photo and no operation refers to are removed."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext

from qpvmap.jobs.app import APP, settings_of
from qpvmap.storage.files import open_files
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.operation_documents import collect_orphan_documents
from qpvmap.usecases.photos import collect_orphans

log = structlog.get_logger()


@APP.periodic(cron="41 3 * * *")
@APP.task(name="collect_orphan_files", queueing_lock="collect_orphan_files", pass_context=True)
def collect_orphan_files(context: JobContext, timestamp: int) -> None:
    """Remove what is left of photos blackened, removed, or never finished."""
    settings = settings_of(context)
    engine = make_engine(str(settings.database_url), pool_size=1)
    try:
        with transaction(engine) as session:
            files, now = open_files(settings), datetime.now(UTC)
            collected = collect_orphans(session, files, now)
            documents = collect_orphan_documents(session, files, now)
    finally:
        engine.dispose()
    log.info("orphan_files_removed", count=collected.removed + documents)
    if collected.missing:
        log.error("photo_files_missing", count=len(collected.missing))
