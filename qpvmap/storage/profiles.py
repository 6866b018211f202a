"""The figures of a quarter: what was signed, what is published, and what the check finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from qpvmap.core.doubts import Doubt, Names, doubts_of
from qpvmap.core.estimates import Figures, Part
from qpvmap.core.profiles import (
    POPULATION,
    Profile,
    Published,
    SignedLine,
    Sources,
    build_profile,
    check,
    editions_of,
)
from qpvmap.storage.comparisons import contract_text, definitions
from qpvmap.storage.map_figures import CONTRACT
from qpvmap.storage.quarters import Portrait, portrait
from qpvmap.storage.statements import statement


@dataclass(frozen=True, slots=True)
class Dossier:
    """The profile of a quarter, with the table that was signed and what to say beside it."""

    profile: Profile
    table: Portrait
    names: Names
    doubts: Sequence[Doubt]
    published: Published


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a territory, in one generation of perimeters."""

    territory_id: int
    territory_code: str
    code: str
    vintage: int


def dossier_of(session: Session, quarter: Quarter) -> Dossier:
    """Return all that the figures of a quarter say: three statements, whatever its size."""
    table = portrait(session, quarter.territory_id, CONTRACT)
    lines = signed_lines(table)
    published = published_figures(session, quarter.territory_id)
    profile = build_profile(
        Sources(
            parts=parts_of(session, quarter.code, quarter.vintage),
            lines=lines,
            definitions=definitions(),
            published=published,
            contract=contract_text(quarter.territory_code),
            qpv_code=quarter.code,
        )
    )
    names = names_of(table, lines)
    doubts = doubts_of(profile.findings, newest_of(published), names)
    return Dossier(profile, table, names, doubts, published)


def doubts_about(session: Session, territory_id: int) -> Sequence[Doubt]:
    """Return what the official files give reason to doubt in the table of a territory."""
    table = portrait(session, territory_id, CONTRACT)
    lines = signed_lines(table)
    if not lines:
        return ()
    published = published_figures(session, territory_id)
    findings = check(lines, definitions(), published)
    return doubts_of(findings, newest_of(published), names_of(table, lines))


def parts_of(session: Session, code: str, vintage: int) -> list[Part]:
    """Return the IRIS of a quarter, slivers included, the greatest share first."""
    rows = session.execute(statement("portrait_parts"), {"code": code, "vintage": vintage})
    return [Part(*row) for row in rows]


def published_figures(session: Session, territory_id: int) -> Published:
    """Return the official figures that the signed ones are compared with."""
    keys = {key for definition in definitions().values() for key in definition.official}
    rows = session.execute(
        statement("published_figures"),
        {"territory_id": territory_id, "keys": sorted({*keys, POPULATION})},
    )
    found: dict[tuple[str, str], dict[int, dict[str, float | None]]] = {}
    for kind, key, vintage, code, value in rows:
        found.setdefault((kind, key), {}).setdefault(vintage, {})[code] = value
    return found


def territory_figures(
    session: Session, territory_id: int, period: int | None, place_code: str | None
) -> Sequence[RowMapping]:
    """Return the figures of a territory's places, of one edition or place if asked."""
    given = {"territory_id": territory_id, "period": period, "place_code": place_code}
    return session.execute(statement("territory_figures"), given).mappings().all()


def signed_lines(table: Portrait) -> list[SignedLine]:
    """Return the lines of the signed table as the rules read them."""
    return [
        SignedLine(
            line.key,
            line.title,
            line.unit,
            line.topic,
            line.vintage,
            {block.code: _value(line.figures, block.code) for block in table.blocks},
        )
        for line in table.lines
    ]


def _value(figures: Mapping[str, object], code: str) -> float | None:
    figure = figures.get(code)
    return getattr(figure, "value", None)


def names_of(table: Portrait, lines: Sequence[SignedLine]) -> Names:
    """Return how the places and lines of a table are called."""
    return Names(
        blocks={block.code: block.name for block in table.blocks},
        communes={block.code[:5]: block.commune for block in table.blocks},
        lines={line.key: line for line in lines},
    )


def newest_of(published: Published) -> dict[str, Figures]:
    """Return the newest official figures by IRIS, under the key of the signed indicator."""
    found = {}
    for key, definition in definitions().items():
        editions = editions_of(definition, published, "iris")
        if editions:
            found[key] = editions[max(editions)]
    return found
