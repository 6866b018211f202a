"""What people write to one another about a signalement."""

from qpvmap.core.errors import CommentRequired, InvalidSubmission

MESSAGE_MAX = 2000
TOO_LONG = f"Texte trop long : {MESSAGE_MAX} caractères au plus."
EMPTY = "Écrivez votre message."


def message_text(text: str) -> str:
    """Return a message without the blanks around it.

    Raises
    ------
    InvalidSubmission
        If nothing is left, or too much.
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidSubmission({"text": EMPTY})
    if len(stripped) > MESSAGE_MAX:
        raise InvalidSubmission({"text": TOO_LONG})
    return stripped


def reason_text(text: str, to: str) -> str:
    """Return the reason of a change without the blanks around it.

    Raises
    ------
    CommentRequired
        If there is none.
    InvalidSubmission
        If it is too long.
    """
    stripped = text.strip()
    if not stripped:
        raise CommentRequired(to)
    if len(stripped) > MESSAGE_MAX:
        raise InvalidSubmission({"comment": TOO_LONG})
    return stripped
