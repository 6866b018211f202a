"""The portrait of a quarter as tables: the figures three ways, as signed, as published."""

from collections.abc import Sequence

from qpvmap.core.estimates import Estimate
from qpvmap.core.profiles import Reading
from qpvmap.outputs.spreadsheet import Cell, Table, fitted
from qpvmap.storage.profiles import Dossier

WITHHELD = "secret statistique"
TOO_LITTLE = "non affiché : moins de la moitié des habitants"

THREE_WAYS = (
    "indicateur",
    "unité",
    "moyenne simple des IRIS (contrat)",
    "part des habitants (moyenne simple)",
    "moyenne pondérée par la population",
    "part des habitants (moyenne pondérée)",
    "édition des chiffres pondérés",
    "chiffre officiel du quartier",
    "édition du chiffre officiel",
    "le plus bas des IRIS",
    "le plus haut des IRIS",
    "communes",
    "France",
    "définition",
)


def three_ways(dossier: Dossier) -> Table:
    """Return the figures of a quarter three ways."""
    rows = [_three_ways_row(reading) for reading in dossier.profile.readings]
    return fitted("Trois façons de compter", THREE_WAYS, rows)


def _three_ways_row(reading: Reading) -> Sequence[Cell]:
    newest = reading.newest_official
    low, high = reading.simple.low, reading.simple.high
    return (
        reading.line.title,
        reading.line.unit,
        _value(reading.simple),
        round(reading.simple.coverage, 3),
        _value(reading.weighted),
        round(reading.weighted.coverage, 3),
        reading.weighted_vintage or "contrat",
        _official(reading),
        newest or "",
        low.value if low else "",
        high.value if high else "",
        _value(reading.towns),
        reading.national,
        reading.definition.definition,
    )


def _value(estimate: Estimate) -> Cell:
    if estimate.value is None:
        return TOO_LITTLE if estimate.is_withheld else ""
    return round(estimate.value, 1)


def _official(reading: Reading) -> Cell:
    if reading.newest_official is None:
        return ""
    value = reading.official[reading.newest_official]
    return WITHHELD if value is None else value


def sheets_of(dossier: Dossier) -> list[Table]:
    """Return the sheets of the workbook."""
    return [three_ways(dossier), as_signed(dossier), as_published(dossier), shares(dossier)]


def as_signed(dossier: Dossier) -> Table:
    """Return the table of the contract, as it was signed, with the doubts under it."""
    blocks = dossier.table.blocks
    rows: list[Sequence[Cell]] = [
        (
            line.title,
            line.unit,
            *(WITHHELD if figures[block.code] is None else figures[block.code] for block in blocks),
        )
        for line in dossier.names.lines.values()
        for figures in [line.figures]
    ]
    rows += [(doubt.note, *[""] * (len(blocks) + 1)) for doubt in dossier.doubts]
    names = (f"{block.name}, {block.commune}" for block in blocks)
    return fitted("Tel que signé", ("indicateur", "unité", *names), rows)


def as_published(dossier: Dossier) -> Table:
    """Return the official figures of the same IRIS."""
    blocks = dossier.table.blocks
    rows = [
        (
            reading.line.title,
            reading.weighted_vintage,
            *(
                WITHHELD if reading.blocks.get(block.code) is None else reading.blocks[block.code]
                for block in blocks
            ),
        )
        for reading in dossier.profile.readings
        if reading.weighted_vintage is not None
    ]
    names = (f"{block.name}, {block.commune}" for block in blocks)
    return fitted("Insee", ("indicateur", "édition", *names), rows)


def shares(dossier: Dossier) -> Table:
    """Return how much of the quarter each IRIS holds, those left out included."""
    header = (
        "IRIS",
        "nom",
        "commune",
        "part du quartier",
        "part de l’IRIS",
        "habitants de l’IRIS",
        "habitants portés",
        "compté",
    )
    rows = [
        (
            part.code,
            part.name,
            part.commune,
            round(part.share_of_quarter, 5),
            round(part.share_of_iris, 5),
            part.population,
            round(part.carried),
            "non : moins de 1 % du quartier" if part.is_sliver else "oui",
        )
        for part in (*dossier.profile.parts, *dossier.profile.slivers)
    ]
    return fitted("Parts des IRIS", header, rows)
