"""French words of what the map shows, where the stored key is not one."""

from collections.abc import Mapping

OPERATION_STATUS: Mapping[str, str] = {
    "idea": "Idée",
    "programmed": "Programmée",
    "studies": "Études",
    "works": "Travaux",
    "delivered": "Livrée",
    "abandoned": "Abandonnée",
}

OPERATION_CLASS: Mapping[str, str] = {
    "idea": "op-idea",
    "programmed": "op-plan",
    "studies": "op-study",
    "works": "op-work",
    "delivered": "op-done",
    "abandoned": "op-dropped",
}

THEMES: Mapping[str, str] = {
    "education": "Éducation",
    "family": "Petite enfance",
    "sport": "Sport",
    "culture": "Culture",
    "social": "Social et santé",
    "shop": "Commerce et emploi",
    "transport": "Transport",
    "public-space": "Espace public",
}

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
