"""The validator of a desk: it changes whenever something that its reader may handle does.

It is a keyed digest: the numbers under it count what others do too, and must not be read.
"""

import hmac
from datetime import datetime
from hashlib import sha256

from flask import current_app
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.secret import derived_key
from qpvmap.storage.fresh import last_beats

LENGTH = 32


def pulse(session: Session, actor: Actor, now: datetime) -> str:
    """Return the validator of the actor's desk at this hour: one statement.

    The hour is in it because delays are said in words that time alone changes.
    """
    hour = now.astimezone(PARIS).strftime("%Y-%m-%dT%H%z")
    reach = (actor.account_id, sorted(actor.team_ids), sorted(actor.roles), hour)
    said = repr((reach, last_beats(session, actor)))
    key = derived_key(str(current_app.secret_key), "desk pulse")
    return hmac.new(key.encode(), said.encode(), sha256).hexdigest()[:LENGTH]
