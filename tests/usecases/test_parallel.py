"""Two agents at the same work, on connections of their own: nothing is lost, nothing doubled."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

from sqlalchemy import select

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import StaleVersion
from qpvmap.core.journal import STATE_FIELDS, encoded, state_after
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import note
from tests.factories import NOW, make_actor, make_signalement, make_territory

MOVES = 50


def test_two_agents_when_each_moves_25_times_then_50_events_and_no_lost_update(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=4)
    with transaction(engine) as session:
        toy = make_territory(session)
        agents = [make_actor(session, toy, Role.AGENT, "technique-ouest") for _ in range(2)]
        reference = make_signalement(session, toy).reference
    together = Barrier(len(agents))

    def next_request(status: str) -> Request:
        if status == Status.IN_PROGRESS:
            return Request(Status.WAITING, "Une pièce manque.", waiting_on="le fournisseur")
        return Request(Status.IN_PROGRESS)

    def read() -> tuple[str, int]:
        columns = select(Signalement.status, Signalement.version)
        with transaction(engine) as session:
            status, version = session.execute(columns).one()
        return status, version

    def work(actor: Actor) -> tuple[int, int]:
        made = stale = 0
        together.wait()
        while made < MOVES // 2:
            status, version = read()
            request = next_request(status)
            try:
                with transaction(engine) as session:
                    change_status(session, actor, reference, request, version=version, now=NOW)
                    note(session, actor, reference, f"{version}", NOW)
            except StaleVersion:
                stale += 1
            else:
                made += 1
        return made, stale

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(work, agents))
    with transaction(engine) as session:
        row = session.scalars(select(Signalement)).one()
        lines = session.scalars(select(Event).order_by(Event.sequence)).all()
        state = {name: encoded(getattr(row, name)) for name in STATE_FIELDS}
    moves = [line for line in lines if line.kind == "moved"]
    notes = [line for line in lines if line.kind == "note"]
    assert [made for made, _ in results] == [MOVES // 2] * 2
    assert len(moves) == MOVES
    assert row.version == MOVES + 1
    assert [line.version for line in moves] == list(range(2, MOVES + 2))
    assert [line.comment for line in notes] == [f"{version}" for version in range(1, MOVES + 1)]
    assert [line.sequence for line in lines] == list(range(1, 2 * MOVES + 2))
    assert all(before.to_status == after.from_status for before, after in pairwise(lines))
    assert state_after(line.changes for line in lines) == state
    engine.dispose()
