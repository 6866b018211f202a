"""Put official rows into the database. The door opens the transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.storage.import_places import fill_equipment_places, lock_imports
from qpvmap.storage.imports import (
    Counts,
    DatasetInfo,
    Row,
    Target,
    bump_data_version,
    record_dataset,
    upsert,
)
from qpvmap.storage.unplaced import UNPLACED, forget_placed


def store(
    session: Session,
    source: DatasetInfo,
    batches: Sequence[tuple[Target, Sequence[Row]]],
    now: datetime,
) -> list[Counts]:
    """Write the rows of one file, table by table; return the counts of each.

    The data version of a family is raised only if something was written.
    """
    lock_imports(session)
    dataset_id = record_dataset(session, source, now)
    counts = [upsert(session, target, rows, dataset_id) for target, rows in batches]
    if any(target.family == "equipment" for target, _ in batches):
        fill_equipment_places(session)
    if any(target is UNPLACED for target, _ in batches):
        forget_placed(session)
    changed = {
        target.family for (target, _), done in zip(batches, counts, strict=True) if done.wrote
    }
    for family in sorted(changed):
        bump_data_version(session, family, now)
    return counts
