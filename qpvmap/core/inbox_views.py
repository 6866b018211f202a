"""What a kept view of the inbox may be called."""

from qpvmap.core.errors import InvalidSubmission

NAME_MAX = 60
MOST_VIEWS = 20
"""Views that a person may keep: more is a list to search in."""

UNNAMED = "Donnez un nom à cette vue."
TOO_LONG = f"Nom trop long : {NAME_MAX} caractères au plus."
TOO_MANY = f"Vous avez déjà {MOST_VIEWS} vues. Supprimez-en une d’abord."
NAME_TAKEN = "Vous avez déjà une vue de ce nom."
NOT_YOUR_TEAM = "Choisissez un de vos services."


def view_name(text: str) -> str:
    """Return a name fit for a view, its blanks made single.

    Raises
    ------
    InvalidSubmission
        If it is empty or too long.
    """
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise InvalidSubmission({"name": UNNAMED})
    if len(name) > NAME_MAX:
        raise InvalidSubmission({"name": TOO_LONG})
    return name
