"""Signalements that are already there when a browser test begins."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.signalements import Submission
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.accounts import account_by_email, actor_of
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import territory_by_code
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.signalements import submit

WORDS = {
    Status.IN_PROGRESS: "Passage prévu vendredi.",
    Status.RESOLVED: "Fait ce matin.",
}


def person(session: Session, name: str) -> Actor:
    """Return the actor `NAME@demo.example`."""
    account = account_by_email(session, f"{name}@demo.example")
    assert account
    return actor_of(account)


def file(
    database_url: str,
    now: datetime,
    category: str = "voirie",
    *,
    lon: float = 2.3025,
    lat: float = 48.7878,
    description: str = "Un trou dans le trottoir, une roue de poussette s’y est coincée.",
    moves: Sequence[Status] = (),
    client_id: UUID | None = None,
) -> str:
    """File a signalement at `now` as the mediator, move it as the coordination; its reference."""
    engine = make_engine(database_url)
    with transaction(engine) as session:
        territory = territory_by_code(session, "blagis")
        assert territory
        sent = Submission(
            client_id=client_id or uuid4(),
            category=category,
            lon=lon,
            lat=lat,
            accuracy_m=8,
            description=description,
        )
        row = submit(session, person(session, "mediateur"), territory, sent, now).signalement
        for to in moves:
            change_status(
                session,
                person(session, "coordinateur"),
                row.reference,
                Request(to, WORDS.get(to, "")),
                version=row.version,
                now=now,
            )
    engine.dispose()
    return row.reference
