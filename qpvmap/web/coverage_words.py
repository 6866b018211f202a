"""How walks were reckoned, and on which population, in plain words."""

from qpvmap.core.coverage import Coverages
from qpvmap.core.french import clock as clock_of
from qpvmap.core.french import long_day, percent

BANDS = (
    "15 à 20\u00a0minutes",
    "20 à 30\u00a0minutes",
    "plus de 30\u00a0minutes",
    "aucun chemin connu",
)
"""What each band of the map says, from the nearest."""
WORTH_SAYING = 0.005


def method_words(found: Coverages) -> str:
    """Return along what one walks: the streets of a file and their date, or a straight line."""
    run = found.reckoned
    if run is None or run.method == "straight" or run.street_date is None:
        return (
            "La marche est comptée à vol d’oiseau allongé de 30\u00a0% pour suivre les rues\u00a0: "
            "une voie ferrée, une pente ou une cité fermée n’est pas vue. Aucun plan des rues "
            "n’a été importé."
        )
    astray = found.part("astray")
    said = (
        f"La marche suit les rues d’OpenStreetMap du {long_day(run.street_date)} (fichier "
        f"{run.street_file})\u00a0: ni autoroute, ni voie privée, ni portail fermé\u00a0; un "
        "mètre d’escalier compte double. Plan\u00a0: © les contributeurs d’OpenStreetMap, ODbL."
    )
    if astray >= WORTH_SAYING:
        said += (
            f" {percent(astray)} des habitants, à plus de 100\u00a0m d’une rue du plan, sont "
            "comptés à vol d’oiseau allongé de 30\u00a0%."
        )
    if run.places_astray:
        said += f" Équipements trop loin d’une rue pour être comptés\u00a0: {run.places_astray}."
    return said


def population_words(found: Coverages) -> str:
    """Return which population the figures rest on, and what is estimated of it."""
    gridded, imputed = found.part("gridded"), found.part("imputed")
    if gridded < WORTH_SAYING:
        return (
            "La population de chaque IRIS (recensement importé, sinon table du contrat) est "
            "répartie également sur son sol."
        )
    said = (
        "La population est celle des carreaux de 200\u00a0m de l’Insee "
        f"(Filosofi {found.grid_vintage}), "
        "répartie également sur le sol de chaque carreau\u00a0: les personnes en foyer ou en "
        "résidence n’y sont pas."
    )
    if imputed >= WORTH_SAYING:
        said += (
            f" {percent(imputed)} des habitants vivent dans des carreaux de moins de "
            "11\u00a0ménages, dont l’Insee a estimé les chiffres\u00a0; ces carreaux ne sont "
            "jamais montrés seuls."
        )
    if gridded < 1 - WORTH_SAYING:
        said += (
            f" Pour {percent(1 - gridded)} des habitants, hors des carreaux importés, celle de "
            "l’IRIS ou de la commune est répartie également sur son sol."
        )
    return said


def reckoned_words(found: Coverages) -> str:
    """Return when the walks were reckoned; empty when they are measured now."""
    if found.reckoned is None:
        return ""
    at = found.reckoned.reckoned_at
    return f"{long_day(at)} à {clock_of(at)}"
