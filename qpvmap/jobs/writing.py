"""What whoever writes a message is given, and what they give back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.links import Links
from qpvmap.outputs.letters import Rendered
from qpvmap.settings import Settings
from qpvmap.storage.models import Notice


@dataclass(frozen=True, slots=True)
class Writing:
    """What a writer needs: the rows, the notice, the site's addresses, the present."""

    session: Session
    notice: Notice
    links: Links
    settings: Settings
    now: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter and how its reader stops them; `unsubscribe` is empty for a team's own address."""

    rendered: Rendered
    unsubscribe: str = ""


Writer = Callable[[Writing], Mail | None]
