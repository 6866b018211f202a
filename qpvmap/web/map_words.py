"""French words of what the map shows, where the stored key is not one."""

from collections.abc import Mapping, Sequence
from datetime import date

from qpvmap.core.operations import NATURE_LABELS, STATUS_LABELS, THEME_LABELS
from qpvmap.core.periods import Period, Precision

OPERATION_STATUS = STATUS_LABELS

OPERATION_CLASS: Mapping[str, str] = {
    "idea": "op-idea",
    "programmed": "op-plan",
    "studies": "op-study",
    "works": "op-work",
    "delivered": "op-done",
    "abandoned": "op-dropped",
}

THEMES = THEME_LABELS

THEME_ICONS: Mapping[str, str] = {"education": "t-school", "public-space": "c-furniture"}
KIND_ICONS: Mapping[str, str] = {"velib": "t-bike"}
KINDS: Mapping[str, str] = {
    "gare": "Gare",
    "velib": "Station Vélib’",
    "france_services": "France services",
    "police": "Police",
    "mairie": "Mairie",
    "poste": "Poste",
}


ACCESS: Mapping[str, str] = {
    "yes": "Accessible en fauteuil",
    "limited": "Accessible en partie",
    "no": "Non accessible en fauteuil",
}
POSITIONS: Mapping[str, str] = {
    "address": "lieu trouvé par son adresse",
    "approximate": "lieu approximatif",
}
"""What is said of a position that its producer did not measure."""


def symbol(theme: str, kind: str = "") -> str:
    """Return the icon of an equipment or an operation."""
    return KIND_ICONS.get(kind) or THEME_ICONS.get(theme) or f"t-{theme}"


PLACE_ICONS: Mapping[str, str] = {"qpv": "district", "commune": "map", "iris": "layers"}


def row_icon(kind: str, theme: str, status: str) -> str:
    """Return the icon of a row of the list; `status` is the kind of an equipment."""
    if kind in PLACE_ICONS:
        return PLACE_ICONS[kind]
    return symbol(theme, status if kind == "equipement" else "")


def nature_words(natures: Sequence[str]) -> str:
    """Return the natures of an operation in words."""
    return ", ".join(NATURE_LABELS.get(nature, nature) for nature in natures)


def period_words(first: date | None, precision: str | None) -> str:
    """Return a date as well as it is known, in words."""
    return Period(first, Precision(precision)).words if first and precision else "non précisé"
