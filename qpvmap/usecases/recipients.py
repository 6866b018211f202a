"""Which team may be given a signalement by name."""

from sqlalchemy.orm import Session

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.permissions import Nature
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Team

UNKNOWN_TEAM = "Choisissez un service de ce territoire."
NOT_CONFIDENTIAL = (
    "Ce signalement est confidentiel : ce service ne peut pas le recevoir. "
    "Choisissez l’un de ceux qui sont proposés."
)


def may_receive(team: Team, nature: str) -> bool:
    """Return whether a team may be given signalements of `nature`."""
    return team.confidential or nature != Nature.TRANQUILLITE


def named_team(session: Session, territory_id: int, nature: str, code: str) -> Team:
    """Return the team of this code, which may be given a signalement of `nature`.

    Raises
    ------
    InvalidSubmission
        If the territory has no such team, or it may not have what is confidential.
    """
    team = rows.team_by_code(session, territory_id, code)
    if team is None:
        raise InvalidSubmission({"team": UNKNOWN_TEAM})
    if not may_receive(team, nature):
        raise InvalidSubmission({"team": NOT_CONFIDENTIAL})
    return team
