"""Sectors and words of the toy territory, and mediators who walk there."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.presence_words import WORDS
from qpvmap.storage.models import Presence, PresenceWord, Sector
from qpvmap.usecases.presences import End, Start, end_presence, start_presence
from tests.factories import Toy

WEST, EAST, AROUND = "ouest", "est", "hors-quartier"


def make_words(session: Session, toy: Toy) -> None:
    """Add two sectors of the quarter, what lies around, and the usual words."""
    places = ((WEST, "QN09299X", "92901"), (EAST, "QN09299X", "92902"), (AROUND, None, None))
    key = toy.territory.id
    session.add_all(
        Sector(
            territory_id=key,
            code=code,
            name=f"Côté {code}",
            qpv_code=qpv_code,
            insee_code=insee_code,
            position=position,
            closed=False,
        )
        for position, (code, qpv_code, insee_code) in enumerate(places)
    )
    session.add_all(
        PresenceWord(
            territory_id=key,
            kind=kind,
            code=word.code,
            name=word.name,
            icon=word.icon,
            position=position,
            closed=False,
        )
        for kind, words in WORDS.items()
        for position, word in enumerate(words)
    )
    session.flush()


def walked(
    session: Session,
    actor: Actor,
    start: datetime,
    hours: float = 2,
    sector: str = WEST,
    companion_id: int | None = None,
    client_id: UUID | None = None,
) -> Presence:
    """Return a round that was started and ended on a phone."""
    key = client_id or uuid4()
    asked = Start(key, sector, start, companion_id)
    presence = start_presence(session, actor, asked, start).presence
    over = start + timedelta(hours=hours)
    end_presence(session, actor, End(uuid4(), key, over), over)
    return presence
