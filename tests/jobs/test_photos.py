"""The collector of orphan files, run by a real worker."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from qpvmap.core.actors import Role
from qpvmap.core.photos import Moment, Size
from qpvmap.pictures import prepare
from qpvmap.settings import Settings
from qpvmap.storage.files import PHOTOS, new_key, open_files, put_photo
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.photos import PhotoSending, PhotoUpload, add_photo
from tests.factories import make_actor, make_signalement, make_territory
from tests.jobs.workers import wait_for, worker
from tests.pictures import photo

TWO_DAYS_S = 2 * 24 * 3600


def test_worker_when_the_collector_is_due_then_removes_old_orphans_alone(
    committed_db: str, tmp_path: Path
) -> None:
    files = open_files(Settings(var_dir=tmp_path))
    folder = tmp_path / "files" / PHOTOS
    picture = prepare(photo())
    engine = make_engine(committed_db, pool_size=1)
    with transaction(engine) as session:
        toy = make_territory(session)
        agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
        reference = make_signalement(session, toy).reference
        upload = PhotoUpload(PhotoSending(uuid4(), Moment.BEFORE), picture)
        kept = add_photo(session, files, agent, reference, upload, datetime.now(UTC)).photo.key
    old_orphan, new_orphan = new_key(), new_key()
    put_photo(files, old_orphan, picture)
    old = time.time() - TWO_DAYS_S
    for path in folder.iterdir():
        os.utime(path, (old, old))
    put_photo(files, new_orphan, picture)
    with transaction(engine) as session:
        enqueue(session, "collect_orphan_files", timestamp=0)
    engine.dispose()
    environment = os.environ | {
        "QPVMAP_DATABASE_URL": committed_db,
        "QPVMAP_VAR_DIR": str(tmp_path),
    }
    expected = {f"{key}.{size}.webp" for key in (kept, new_orphan) for size in Size}
    with worker(environment):
        wait_for(lambda: {path.name for path in folder.iterdir()} == expected)
