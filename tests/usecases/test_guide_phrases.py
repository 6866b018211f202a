"""What people say to a mediator, and what the guide must answer among its first three offers.

The pilot's own guide, with its synonyms, and invented offers that such a quarter has besides.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.guide import OfferDraft, StructureDraft, Wanted
from qpvmap.storage.guide_search import answering, find_offers
from qpvmap.storage.models import Territory
from qpvmap.usecases.guide import Editing, Placed, save_offer, save_structure
from tests.conftest import _rolled_back
from tests.factories import Toy, make_actor

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

INVENTED = {
    "Crèche Les Lucioles": ("Crèche et halte-garderie", "childcare", "Accueil des 0 à 3 ans."),
    "Relais petite enfance": (
        "Rencontrer une assistante maternelle",
        "childcare",
        "Liste des assistantes maternelles agréées de la commune.",
    ),
    "Atelier Mots croisés": (
        "Ateliers sociolinguistiques",
        "french",
        "Cours de français pour adultes : parler, lire et écrire, tous niveaux.",
    ),
    "Espace démarches": (
        "Aide aux démarches administratives",
        "rights",
        "Remplir un formulaire, renouveler un titre de séjour, écrire un courrier.",
    ),
    "Permanence logement": (
        "Conseil sur le logement",
        "housing",
        "Demande de logement social, retard de loyer, menace d’expulsion.",
    ),
    "L’Escale": ("Aide alimentaire", "solidarity", "Colis alimentaire chaque semaine."),
    "Centre de santé": ("Consultations médicales", "health", "Médecin généraliste et dentiste."),
    "Le Coup de pouce": (
        "Accompagnement à la scolarité",
        "school",
        "Aide aux devoirs pour les élèves de primaire et de collège.",
    ),
    "Point numérique": (
        "Apprendre à se servir d’un ordinateur",
        "digital",
        "Imprimer, scanner, faire ses démarches en ligne.",
    ),
    "Club des anciens": ("Sorties des seniors", "leisure", "Sorties et jeux pour les retraités."),
    "Maison du handicap": ("Dossier MDPH", "health", "Préparer une demande à la MDPH."),
}

PHRASES = [
    ("garde d'enfant", "Crèche et halte-garderie"),
    ("je cherche quelqu'un pour garder mon bébé", "Crèche et halte-garderie"),
    ("nounou", "Rencontrer une assistante maternelle"),
    ("assistante maternel", "Rencontrer une assistante maternelle"),
    ("une place en creche", "Crèche et halte-garderie"),
    ("crehce", "Crèche et halte-garderie"),
    ("aide pour trouver un stage", "Aide aux stages"),
    ("mon fils cherche un stage de 3eme", "Aide aux stages"),
    ("aprentissage", "Aide aux stages"),
    ("je voudrais passer le bafa", "BAFA citoyen"),
    ("papiers", "Aide aux démarches administratives"),
    ("renouveler ma carte de séjour", "Aide aux démarches administratives"),
    ("comprendre un courrier de la préfecture", "Aide aux démarches administratives"),
    ("j'ai des dettes", "Conseil sur le budget et les dettes"),
    ("je ne peux pas payer mes factures", "Conseil sur le budget et les dettes"),
    ("surendetement", "Conseil sur le budget et les dettes"),
    ("logement", "Conseil sur le logement"),
    ("on va m'expulser", "Conseil sur le logement"),
    ("retard de loyer", "Conseil sur le logement"),
    ("je suis à la rue", "Être hébergé en urgence"),
    ("violences", "Être écoutée et aidée face aux violences"),
    ("mon mari me frappe", "Être écoutée et aidée face aux violences"),
    ("porter plainte", "Connaître ses droits et régler un litige"),
    ("divorcer", "Connaître ses droits et régler un litige"),
    ("avocat gratuit", "Connaître ses droits et régler un litige"),
    ("apprendre le français", "Ateliers sociolinguistiques"),
    ("COURS DE FRANCAIS", "Ateliers sociolinguistiques"),
    ("je n'ai rien à manger", "Aide alimentaire"),
    ("voir un docteur", "Consultations médicales"),
    ("aide aux devoirs", "Accompagnement à la scolarité"),
    ("imprimer un document", "Apprendre à se servir d’un ordinateur"),
    ("dossier handicap", "Dossier MDPH"),
    ("pole emploi", "S’inscrire et être accompagné vers l’emploi"),
    ("refaire mon CV", "S’inscrire et être accompagné vers l’emploi"),
    ("sortie pour ma mère retraitée", "Sorties des seniors"),
    ("ecole de la deuxieme chance", "Se former et trouver un métier"),
]


@pytest.fixture(scope="module")
def guide(blagis_engine: Engine) -> Iterator[Session]:
    """Yield the pilot's guide with the invented offers, for all the phrases."""
    with _rolled_back(blagis_engine) as session:
        territory = session.scalars(select(Territory)).one()
        keeper = make_actor(session, Toy(territory), Role.PLANNER)
        for name, (title, theme, description) in INVENTED.items():
            editing = Editing(keeper, territory.id, NOW)
            draft = StructureDraft(name=name, insee_code="92007")
            structure = save_structure(session, editing, draft, Placed())
            offer = OfferDraft(title=title, theme=theme, description=description)
            now = Editing(keeper, territory.id, NOW, structure.version)
            save_offer(session, now, structure.code, offer)
        yield session


@pytest.mark.parametrize(("phrase", "expected"), PHRASES, ids=[words for words, _ in PHRASES])
def test_phrase_when_said_then_the_offer_is_among_the_first_three(
    guide: Session, phrase: str, expected: str
) -> None:
    territory = guide.scalars(select(Territory)).one()
    found = [card.offer.title for card in find_offers(guide, territory.id, Wanted(phrase))]
    assert expected in found[:3], found[:6]


def test_word_when_mistyped_then_what_it_was_taken_for_is_told(guide: Session) -> None:
    territory = guide.scalars(select(Territory)).one()
    assert answering(guide, territory.id, Wanted("crehce")).mended == {"crehce": "creche"}
    assert answering(guide, territory.id, Wanted("crèche")).mended == {}
    assert answering(guide, territory.id, Wanted("hippopotame")).ids == []
