"""Names as producers write them, made good French."""

import pytest

from qpvmap.importers.cleaning import name, well_written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Cité Des Musiciens", "Cité des Musiciens"),
        ("METRO 4", "Métro 4"),
        ("Chateau", "Château"),
        ("Parc de Sceaux - Centre-Ville", "Parc de Sceaux - Centre-Ville"),
        ("Le Pavé de L’Hay", "Le Pavé de L’Hay"),
        ("Place Du 8 mai", "Place du 8 mai"),
        ("Châteaubriant", "Châteaubriant"),
        ("DES", "DES"),
    ],
)
def test_name_when_words_are_known_then_written_as_in_french(written: str, expected: str) -> None:
    assert well_written(written) == expected
    assert name(f"  {written} ") == expected
