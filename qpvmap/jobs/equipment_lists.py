"""A town's own list onto the map: its addresses are looked for in batches, then it is written.

Each batch is kept as it comes: a worker that dies, a service that stops, and the next job goes on
where this one was. A service that does not answer is asked again by itself, for as long as the list
is kept; whoever sent it may go on sooner, or without the rest.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog
from procrastinate import JobContext
from sqlalchemy import Engine

from qpvmap.core.equipment_lists import (
    Answer,
    Answers,
    ListFate,
    ListRow,
    RowOutcome,
    needs_search,
)
from qpvmap.core.errors import NotAllowed
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import BATCH, Asked, Found, batch_url, find_batches
from qpvmap.importers.place_lists import ReadList, read_list, sheets_of, with_known_keys
from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.settings import Settings
from qpvmap.storage.addresses import knows_addresses, nearest_address
from qpvmap.storage.session import transaction
from qpvmap.usecases.equipment_list_writing import (
    ReadRows,
    TakenList,
    note_answers,
    note_asked,
    pause_list,
    put_off_list,
    take_list,
    write_list,
)
from qpvmap.usecases.equipment_lists import go_on_with_due_lists

log = structlog.get_logger()

SILENT = "Le service d’adresses ne répond pas, ou trop lentement. Ce qui a été trouvé est gardé."
NO_SERVICE = (
    "Aucun service d’adresses n’est réglé sur ce site, et aucune Base adresse nationale n’y est "
    "importée. Demandez-le à l’administration du site."
)
IMPORTED = (
    "Le service d’adresses n’a pas répondu : des adresses ont été cherchées dans la Base adresse "
    "nationale importée sur ce site."
)
NO_RIGHT = "Le compte qui a envoyé cette liste ne peut plus modifier les équipements."


@APP.task(name="place_equipment_list", pass_context=True)
def place_equipment_list(context: JobContext, list_id: str) -> None:
    """Find the addresses of a list that are not found yet, then write its places."""
    engine, settings, key = engine_of(context), settings_of(context), UUID(list_id)
    try:
        with transaction(engine) as session:
            taken = take_list(session, key, now())
    except NotAllowed:
        pause(engine, key, NO_RIGHT)
        return
    if taken is None:
        return
    read, rows = rows_of(taken)
    wanted = [
        row
        for row in rows
        if needs_search(row, taken.known.get(row.values["source_key"]))
        and row.values["source_key"] not in taken.answers
    ]
    if not taken.without_search and not search(engine, settings, taken, wanted):
        return
    with transaction(engine) as session:
        outcome = write_list(session, key, ReadRows(rows, left_of(read)), now())
    if outcome:
        log.info("equipment_list_written", rows=len(outcome.rows))


@APP.periodic(cron="*/5 * * * *")
@APP.task(
    name="go_on_with_equipment_lists",
    queueing_lock="go_on_with_equipment_lists",
    pass_context=True,
)
def go_on_with_lists(context: JobContext, timestamp: int) -> None:
    """Send again the lists whose address search did not answer some time ago."""
    with transaction(engine_of(context)) as session:
        due = go_on_with_due_lists(session, datetime.fromtimestamp(timestamp, UTC))
    if due:
        log.info("equipment_lists_gone_on_with", count=due)


def now() -> datetime:
    """Return the present: a job lasts longer than an instant."""
    return datetime.now(UTC)


def pause(engine: Engine, key: UUID, trouble: str) -> None:
    """Stop a list, saying why."""
    with transaction(engine) as session:
        pause_list(session, key, trouble, now())


def rows_of(taken: TakenList) -> tuple[ReadList, list[ListRow]]:
    """Return what a list says, and its rows under the keys that their places have already."""
    sheet = sheets_of(taken.content)[taken.choices.sheet]
    read = read_list(sheet, taken.choices, taken.communes, taken.source)
    names = {key: place.name for key, place in taken.known.items()} | dict(taken.waiting)
    return read, with_known_keys(read.rows, names)


def left_of(read: ReadList) -> list[RowOutcome]:
    """Return what became of the rows that go nowhere."""
    return [
        RowOutcome(row.row, row.label, fate, row.why)
        for fate, rows in ((ListFate.REFUSED, read.refused), (ListFate.DUPLICATE, read.twice))
        for row in rows
    ]


def search(engine: Engine, settings: Settings, taken: TakenList, wanted: Sequence[ListRow]) -> bool:
    """Look for addresses and keep what is found; return whether to go on to the writing."""
    answered = len(taken.answers)
    with transaction(engine) as session:
        if not note_asked(session, taken.key, answered + len(wanted), answered, now()):
            return False
    left = list(wanted)
    try:
        for answers in answers_of(settings, wanted):
            left = left[len(answers) :]
            with transaction(engine) as session:
                if not note_answers(session, taken.key, answers, now()):
                    return False
    except GeocoderUnavailable:
        return search_imported(engine, settings, taken, left)
    return True


def answers_of(settings: Settings, wanted: Sequence[ListRow]) -> Iterator[Answers]:
    """Give what the address search answers, batch after batch."""
    start = 0
    asked = [Asked(row.values["address"] or "", row.values["insee_code"] or "") for row in wanted]
    for found in find_batches(settings, asked) if asked else ():
        keys = [row.values["source_key"] for row in wanted[start : start + len(found)]]
        start += len(found)
        yield {key: _answer(one) for key, one in zip(keys, found, strict=True)}


def search_imported(
    engine: Engine, settings: Settings, taken: TakenList, wanted: Sequence[ListRow]
) -> bool:
    """Look for addresses among those that were imported; pause when there are none."""
    with transaction(engine) as session:
        if not knows_addresses(session):
            trouble = SILENT if batch_url(settings) else NO_SERVICE
            put_off_list(session, taken.key, trouble, now())
            return False
    for start in range(0, len(wanted), BATCH):
        rows = wanted[start : start + BATCH]
        with transaction(engine) as session:
            found = {
                row.values["source_key"]: nearest_address(
                    session, row.values["address"] or "", row.values["insee_code"] or ""
                )
                for row in rows
            }
            answers = {
                key: Answer(one[0], one[1], one[2].lon, one[2].lat) if one else None
                for key, one in found.items()
            }
            if not note_answers(session, taken.key, answers, now(), IMPORTED):
                return False
    return True


def _answer(found: Found | None) -> Answer | None:
    if found is None:
        return None
    return Answer(found.label, found.score, found.point.lon, found.point.lat)
