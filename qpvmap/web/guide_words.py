"""French words of the fields of the guide, and of what differs between a page and a correction."""

from collections.abc import Mapping
from typing import Any

from qpvmap.core.guide import COSTS, PUBLICS, THEMES
from qpvmap.storage.models import GuideProposal, GuideStructure
from qpvmap.usecases.guide_review import GONE_FIELD

FIELD_LABELS: Mapping[str, str] = {
    "name": "Nom",
    "kind": "Ce que c’est",
    "insee_code": "Commune",
    "place": "Lieu",
    "address": "Adresse",
    "phone": "Téléphone",
    "email": "Courriel",
    "site": "Site",
    "source": "Source",
    "to_check": "À vérifier",
    "title": "Titre",
    "theme": "Thème",
    "publics": "Publics",
    "for_whom": "Pour qui",
    "description": "Ce que c’est",
    "schedule": "Permanences",
    "languages": "Langues",
    "contact": "Contact",
    "cost": "Coût",
    "cost_note": "Précision sur le coût",
    "conditions": "Conditions",
    GONE_FIELD: "Offre",
}
CLOSED = ("La structure", "dans le guide", "A fermé, ou ne reçoit plus personne\u00a0: à retirer")
NO_LONGER = ("proposée", "n’est plus proposée\u00a0: à retirer")
KNOWN: Mapping[str, Mapping[str, str]] = {"theme": THEMES, "cost": COSTS}


def shown(name: str, value: Any) -> str:
    """Return a value of a field as one reads it."""
    if name == "publics":
        return ", ".join(PUBLICS.get(public, public) for public in value) or "non précisé"
    return KNOWN.get(name, {}).get(value, str(value)) or "non précisé"


def difference_lines(
    proposal: GuideProposal, structure: GuideStructure
) -> list[tuple[str, str, str]]:
    """Return what a structure corrects: the field, what it was, what it should be."""
    lines = [CLOSED] if proposal.closes else []
    lines += [
        (FIELD_LABELS[name], shown(name, was), shown(name, now))
        for name, (was, now) in proposal.fields.items()
    ]
    titles = {str(offer.id): offer.title for offer in structure.offers}
    for key, differences in proposal.offers.items():
        title = titles.get(key, "Offre retirée")
        if GONE_FIELD in differences:
            lines.append((title, *NO_LONGER))
            continue
        lines += [
            (f"{title}, {FIELD_LABELS[name].lower()}", shown(name, was), shown(name, now))
            for name, (was, now) in differences.items()
        ]
    return lines
