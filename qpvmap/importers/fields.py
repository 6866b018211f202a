"""Names that producers give to the same field, edition after edition.

Names are compared without case, accents or punctuation; a name of ten characters also stands
for the longer one that a shapefile has cut.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from qpvmap.importers.report import FileRefused

Fields = Mapping[str, tuple[str, ...]]

VINTAGE = ("millesime", "annee", "edition", "generation")

QPV: Fields = {
    "code": (
        "code_qp",
        "code_qpv",
        "code_quartier",
        "code_quartier_prioritaire",
        "id_qpv",
        "qp",
        "qpv",
        "code",
    ),
    "name": (
        "lib_qp",
        "nom_qp",
        "lib_qpv",
        "nom_qpv",
        "nom_quartier",
        "libelle_qp",
        "libelle",
        "nom",
    ),
    "insee_codes": (
        "insee_com",
        "codes_insee",
        "code_insee",
        "insee",
        "codgeo",
        "depcom",
        "code_commune",
        "codes_communes",
    ),
    "commune_names": (
        "commune_qp",
        "lib_com",
        "nom_com",
        "liste_des_communes",
        "noms_communes",
        "communes",
        "commune",
    ),
    "vintage": VINTAGE,
}

IRIS: Fields = {
    "code": ("code_iris", "dcomiris", "dciris", "iris_code", "cod_iris", "codeiris"),
    "name": ("nom_iris", "lib_iris", "libiris", "libelle_iris", "libelle"),
    "kind": ("typ_iris", "type_iris", "typiris"),
    "insee_code": ("insee_com", "code_insee", "depcom", "codgeo", "code_commune", "insee"),
    "vintage": VINTAGE,
}

COMMUNES: Fields = {
    "insee_code": (
        "insee_com",
        "code_insee",
        "code_insee_de_la_commune",
        "codgeo",
        "code_commune",
        "depcom",
        "insee",
        "com",
        "code",
    ),
    "name": ("nom_com", "nom_officiel", "nom_commune", "lib_com", "libgeo", "libelle", "nom"),
    "population": ("population", "pop_municipale", "population_municipale", "pmun", "pop_muni"),
    "vintage": VINTAGE,
}

EPCI: Fields = {
    "siren": ("siren", "siren_epci", "code_siren", "code_epci", "epci", "code"),
    "name": ("nom", "nom_epci", "lib_epci", "nom_officiel", "raison_sociale", "libelle"),
    "kind": ("type", "nature", "nature_juridique", "forme_juridique"),
    "insee_codes": ("communes", "membres", "insee_com", "codes_insee", "liste_communes"),
    "vintage": VINTAGE,
}

ROUTES: Fields = {
    "key": ("cleabs", "id_route", "id_rte500", "id", "gid"),
    "name": ("nom", "numero", "num_route", "nom_route", "nom_collaboratif_gauche", "nom_voie"),
    "kind": ("statut", "nature", "classe", "vocation", "importance"),
    "vintage": VINTAGE,
}

EMPRISES: Fields = {
    "code": ("code", "id", "identifiant", "code_emprise", "ref", "reference"),
    "name": ("nom", "libelle", "nom_emprise", "designation", "residence"),
    "kind": ("type", "sorte", "nature", "categorie"),
    "body": ("gestionnaire", "proprietaire", "organisme", "bailleur", "code_gestionnaire"),
    "source": ("source", "origine"),
    "confidence": ("confiance", "fiabilite", "confidence"),
}


def bare(name: str) -> str:
    """Return a field name without case, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def find_fields(fields: Fields, columns: Iterable[str]) -> dict[str, str]:
    """Return the file's column for each role that it has; the first name listed wins."""
    by_name = {bare(column): column for column in reversed(list(columns))}
    found: dict[str, str] = {}
    for role, names in fields.items():
        keys = [key for name in names for key in (bare(name), bare(name[:10]))]
        column = next((by_name[key] for key in keys if key in by_name), None)
        if column is not None:
            found[role] = column
    return found


def require_fields(fields: Fields, columns: Iterable[str], roles: Iterable[str]) -> dict[str, str]:
    """Return the columns by role.

    Raises
    ------
    FileRefused
        If the file has no column for one of `roles`; says which names are looked for.
    """
    columns = list(columns)
    found = find_fields(fields, columns)
    for role in roles:
        if role not in found:
            raise FileRefused(
                f"Aucune colonne reconnue parmi : {', '.join(fields[role])}. "
                f"Le fichier a : {', '.join(columns) or 'aucune colonne'}."
            )
    return found
