"""The figures of a quarter, three ways side by side, out of what was signed and what is published.

Simple mean of the IRIS (the contract's own way), mean weighted by the residents that each IRIS
carries (on the official figures where they are imported), and the official figure of the quarter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qpvmap.core.consistency import Compared, Findings, Rule, examine
from qpvmap.core.estimates import (
    Estimate,
    Figures,
    Part,
    kept_parts,
    mean_of_whole,
    residents_of,
    simple_mean,
    weighted_mean,
)

POPULATION = "rp_population"
"""The official indicator that weighs the IRIS."""

SIGNED_POPULATION = "population"


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator means, and the official ones it is compared with: see comparisons.toml."""

    key: str
    base: str
    definition: str
    official: tuple[str, ...] = ()
    complement: bool = False
    tolerance: float = 0.0
    per_year: float = 0.0
    relative: bool = False
    mean: bool = True

    @property
    def rule(self) -> Rule:
        """How far the signed and the official figures may be from one another."""
        return Rule(self.key, self.tolerance, self.per_year, self.relative)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the text of a contract says of an indicator."""

    key: str
    mean: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The text of a contract: what it says of the quarter, and of the country."""

    national: Mapping[str, float] = field(default_factory=dict)
    statements: Sequence[Statement] = ()


@dataclass(frozen=True, slots=True)
class SignedLine:
    """An indicator of the contract's table, by IRIS."""

    key: str
    title: str
    unit: str
    topic: str
    vintage: int
    figures: Figures


Editions = Mapping[int, Figures]
"""Figures by place, for each edition."""

Published = Mapping[tuple[str, str], Editions]
"""Official figures by kind of place (`iris`, `commune`, `qpv`) and indicator."""


@dataclass(frozen=True, slots=True)
class TextGap:
    """A figure that the text of the contract gives otherwise than its table: `which` one."""

    which: str
    text: float
    table: float


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator three ways. `weighted_vintage` is None when weighted on the signed figures.

    `official` is the published figure of the quarter, by edition: None is withheld.
    """

    line: SignedLine
    definition: Definition
    simple: Estimate
    weighted: Estimate
    weighted_vintage: int | None
    blocks: Figures
    official: Mapping[int, float | None]
    towns: Estimate
    by_town: Mapping[str, Estimate]
    national: float | None
    text_gaps: Sequence[TextGap]
    trend: Mapping[int, Estimate]

    @property
    def key(self) -> str:
        """The indicator's key."""
        return self.line.key

    @property
    def newest_official(self) -> int | None:
        """The last edition that has a figure of the quarter."""
        return max(self.official, default=None)


@dataclass(frozen=True, slots=True)
class Profile:
    """A quarter in figures."""

    parts: Sequence[Part]
    slivers: Sequence[Part]
    readings: Sequence[Reading]
    residents: float
    residents_vintage: int | None
    residents_trend: Mapping[int, float]
    findings: Findings

    def reading(self, key: str) -> Reading | None:
        """Return an indicator of the profile."""
        return next((reading for reading in self.readings if reading.key == key), None)


def editions_of(definition: Definition, published: Published, kind: str) -> dict[int, Figures]:
    """Return the official figures of places, in each edition that has all that is added up."""
    tables = [published.get((kind, key), {}) for key in definition.official]
    if not tables:
        return {}
    vintages = set(tables[0]).intersection(*tables[1:])
    return {
        vintage: combined([table[vintage] for table in tables], definition.complement)
        for vintage in sorted(vintages)
    }


def combined(tables: Sequence[Figures], complement: bool) -> dict[str, float | None]:
    """Return the sum of figures place by place; one that is withheld makes the sum so."""
    found: dict[str, float | None] = {}
    for code in set(tables[0]).intersection(*tables[1:]):
        values = [table[code] for table in tables]
        known = [value for value in values if value is not None]
        total = round(sum(known), 6) if len(known) == len(values) else None
        found[code] = 100 - total if complement and total is not None else total
    return found


def compared(
    lines: Iterable[SignedLine], definitions: Mapping[str, Definition], published: Published
) -> list[Compared]:
    """Return the indicators that are both signed and published, on the newest edition."""
    pairs = []
    for line in lines:
        definition = definitions.get(line.key)
        editions = editions_of(definition, published, "iris") if definition else {}
        if definition and editions:
            newest = max(editions)
            pairs.append(
                Compared(definition.rule, line.figures, editions[newest], newest - line.vintage)
            )
    return pairs


def check(
    lines: Sequence[SignedLine], definitions: Mapping[str, Definition], published: Published
) -> Findings:
    """Return what the official figures do not confirm in a signed table."""
    columns: dict[str, list[str]] = {}
    for line in lines:
        for code in line.figures:
            group = columns.setdefault(code[:5], [])
            if code not in group:
                group.append(code)
    return examine(compared(lines, definitions, published), columns)


def text_gaps(statement: Statement | None, simple: Estimate) -> list[TextGap]:
    """Return where the text of a contract and its table differ, to the decimal that is printed."""
    if statement is None or simple.low is None or simple.high is None:
        return []
    table = {"mean": simple.value, "low": simple.low.value, "high": simple.high.value}
    said = {"mean": statement.mean, "low": statement.low, "high": statement.high}
    return [
        TextGap(which, told, counted)
        for which, told in said.items()
        if told is not None
        and (counted := table[which]) is not None
        and f"{told:.1f}" != f"{counted:.1f}"
    ]


@dataclass(frozen=True, slots=True)
class Sources:
    """All that a profile is made of. `populations` are those of every IRIS of the communes."""

    parts: Sequence[Part]
    lines: Sequence[SignedLine]
    definitions: Mapping[str, Definition]
    published: Published
    contract: Contract
    qpv_code: str


def build_profile(sources: Sources) -> Profile:
    """Return the profile of a quarter."""
    populations, vintage = populations_of(sources)
    parts = [with_population(part, populations) for part in sources.parts]
    kept = kept_parts(parts)
    readings = [
        read_line(line, definition, sources, kept)
        for line in sources.lines
        if (definition := sources.definitions.get(line.key)) and definition.mean
    ]
    editions = sources.published.get(("iris", POPULATION), {})
    return Profile(
        parts=kept,
        slivers=[part for part in parts if part.is_sliver],
        readings=readings,
        residents=residents_of(kept),
        residents_vintage=vintage,
        residents_trend={
            year: residents_of(with_population(part, figures) for part in kept)
            for year, figures in sorted(editions.items())
            if all(figures.get(part.code) is not None for part in kept)
        },
        findings=check(sources.lines, sources.definitions, sources.published),
    )


def populations_of(sources: Sources) -> tuple[Figures, int | None]:
    """Return the population of each IRIS and its edition; the signed one where none is published.

    The edition is None when the populations are those of the contract.
    """
    editions = sources.published.get(("iris", POPULATION), {})
    if editions:
        newest = max(editions)
        return editions[newest], newest
    signed = next((line for line in sources.lines if line.key == SIGNED_POPULATION), None)
    return (signed.figures if signed else {}), None


def with_population(part: Part, populations: Figures) -> Part:
    """Return the part with the population of its IRIS."""
    return Part(
        part.code,
        part.name,
        part.commune_code,
        part.commune,
        part.share_of_quarter,
        part.share_of_iris,
        populations.get(part.code),
    )


def read_line(
    line: SignedLine, definition: Definition, sources: Sources, parts: Sequence[Part]
) -> Reading:
    """Return an indicator three ways."""
    editions = editions_of(definition, sources.published, "iris")
    newest = max(editions, default=None)
    blocks = editions[newest] if newest is not None else line.figures
    simple = simple_mean(parts, line.figures)
    said = {statement.key: statement for statement in sources.contract.statements}
    quarter = editions_of(definition, sources.published, "qpv")
    by_town = towns_of(definition, sources, blocks if newest is not None else {})
    everyone = populations_of(sources)[0]
    return Reading(
        line=line,
        definition=definition,
        simple=simple,
        weighted=weighted_mean(parts, blocks),
        weighted_vintage=newest,
        blocks=blocks,
        official={
            year: figures[sources.qpv_code]
            for year, figures in quarter.items()
            if sources.qpv_code in figures
        },
        towns=mean_of_whole(
            {code: people for code, people in everyone.items() if people is not None},
            blocks if newest is not None else {},
        ),
        by_town=by_town,
        national=sources.contract.national.get(line.key),
        text_gaps=text_gaps(said.get(line.key), simple),
        trend={year: weighted_mean(parts, figures) for year, figures in editions.items()},
    )


def towns_of(definition: Definition, sources: Sources, blocks: Figures) -> dict[str, Estimate]:
    """Return the figure of each commune: the official one, else the mean of all its IRIS."""
    editions = editions_of(definition, sources.published, "commune")
    official = editions[max(editions)] if editions else {}
    everyone = populations_of(sources)[0]
    found = {}
    for town in dict.fromkeys(part.commune_code for part in sources.parts):
        value = official.get(town)
        people = {c: n for c, n in everyone.items() if c.startswith(town) and n is not None}
        found[town] = (
            Estimate(value, 1.0, 1, 1) if value is not None else mean_of_whole(people, blocks)
        )
    return found
