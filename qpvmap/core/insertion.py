"""Insertion clauses and job offers: what one is, and what must never be in a file of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from qpvmap.core.privacy import personal_hints

COUNTS: Mapping[str, str] = {
    "hours_planned": "Heures prévues",
    "hours_done": "Heures réalisées",
    "contracts": "Contrats",
    "people": "Personnes",
    "people_qpv": "dont habitants du quartier",
}
"""What is counted of a clause, with its words."""

CIVILITY = re.compile(r"(?<!\w)(M\.|Mr\.?|Mme\.?|Mlle\.?|Monsieur|Madame|Mademoiselle)\s+\w", re.I)

PERSONAL_WORDS = (
    "prenom",
    "nomdefamille",
    "nomdusalarie",
    "nomsalarie",
    "nomprenom",
    "nomdubeneficiaire",
    "nombeneficiaire",
    "nomduparticipant",
    "nomparticipant",
    "nomdenaissance",
    "nomusage",
    "salarie",
    "beneficiaire",
    "participant",
    "candidat",
    "naissance",
    "age",
    "civilite",
    "sexe",
    "nationalite",
    "telephone",
    "tel",
    "portable",
    "mail",
    "email",
    "courriel",
    "adresse",
    "adressedusalarie",
    "domicile",
    "securitesociale",
    "nir",
    "identifiantft",
    "idpoleemploi",
    "numerofrancetravail",
    "contact",
    "referent",
    "tuteur",
    "conseiller",
    "nom",
)
"""Names of columns, without case or accents, that speak of one person."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What an insertion clause gave in one year, on one site of one body."""

    year: int
    insee_code: str
    body: str
    site: str
    qpv_code: str = ""
    hours_planned: float | None = None
    hours_done: float | None = None
    contracts: int | None = None
    people: int | None = None
    people_qpv: int | None = None

    @property
    def key(self) -> tuple[int, str, str, str]:
        """What tells one from another in a territory."""
        return (self.year, self.insee_code, self.body, self.site)

    def counts(self) -> dict[str, Any]:
        """Return what is counted, by name."""
        return {name: getattr(self, name) for name in COUNTS}

    def values(self) -> dict[str, Any]:
        """Return all of it, by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Offer:
    """A job offer; neither employer nor contact: they may be one person."""

    source_key: str
    title: str
    insee_code: str
    rome_code: str = ""
    rome_label: str = ""
    contract_kind: str = ""
    positions: int = 1
    lon: float | None = None
    lat: float | None = None
    published_on: date | None = None


MORE_THAN_ALL = "Plus d’habitants du quartier que de personnes : vérifiez les deux nombres."


def clause_faults(clause: Clause) -> dict[str, str]:
    """Return what is wrong between the counts of a clause, in French, by field."""
    known = clause.people is not None and clause.people_qpv is not None
    if known and (clause.people_qpv or 0) > (clause.people or 0):
        return {"people_qpv": MORE_THAN_ALL}
    return {}


def mark_of(clause: Clause) -> str:
    """Return what tells whether a clause is still what somebody read."""
    return sha256(repr(clause).encode()).hexdigest()[:32]


def is_personal_column(bare_name: str) -> bool:
    """Return whether a column, its name without case or accents, speaks of one person."""
    return bare_name in PERSONAL_WORDS or any(
        word in bare_name
        for word in ("prenom", "naissance", "telephone", "courriel", "securitesociale", "nomdus")
    )


def names_somebody(text: str) -> bool:
    """Return whether a text looks like it names or reaches one person."""
    return bool(CIVILITY.search(text) or personal_hints(text))


def added(one: Clause, other: Clause) -> Clause:
    """Return two lines of one site and year as one; what neither tells stays unknown."""

    def total(name: str) -> Any:
        known = [v for v in (getattr(one, name), getattr(other, name)) if v is not None]
        return sum(known) if known else None

    return replace(
        one, qpv_code=one.qpv_code or other.qpv_code, **{name: total(name) for name in COUNTS}
    )


def merged(clauses: Iterable[Clause]) -> list[Clause]:
    """Return one line a site and year."""
    found: dict[tuple[int, str, str, str], Clause] = {}
    for clause in clauses:
        known = found.get(clause.key)
        found[clause.key] = clause if known is None else added(known, clause)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Change:
    """A line that an import would add (`before` is None) or change."""

    clause: Clause
    before: Clause | None

    @property
    def fields(self) -> Sequence[str]:
        """The counts that differ."""
        if self.before is None:
            return tuple(COUNTS)
        old = self.before
        names = (*COUNTS, "qpv_code")
        return tuple(n for n in names if getattr(old, n) != getattr(self.clause, n))


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import would do."""

    new: Sequence[Change]
    changed: Sequence[Change]
    unchanged: int

    @property
    def writes(self) -> bool:
        """Whether anything would be written."""
        return bool(self.new or self.changed)


def changes_of(
    wanted: Iterable[Clause], known: Mapping[tuple[int, str, str, str], Clause]
) -> Changes:
    """Return what writing `wanted` would change; a count that a file lacks is left as known."""
    new, changed, unchanged = [], [], 0
    for clause in wanted:
        before = known.get(clause.key)
        if before is None:
            new.append(Change(clause, None))
            continue
        kept = {n: v if v is not None else getattr(before, n) for n, v in clause.counts().items()}
        full = replace(clause, qpv_code=clause.qpv_code or before.qpv_code, **kept)
        if full == before:
            unchanged += 1
        else:
            changed.append(Change(full, before))
    return Changes(new, changed, unchanged)


@dataclass(frozen=True, slots=True)
class Total:
    """The clauses of one year, place or body together; None is what no line tells."""

    key: str
    lines: int
    counts: Mapping[str, float | None]


def total_of(key: str, clauses: Sequence[Clause]) -> Total:
    """Return the sum of clauses."""
    sums: dict[str, float | None] = {}
    for name in COUNTS:
        known = [value for clause in clauses if (value := getattr(clause, name)) is not None]
        sums[name] = round(sum(known), 2) if known else None
    return Total(key, len(clauses), sums)


def totals_by(field: str, clauses: Sequence[Clause]) -> list[Total]:
    """Return the sum of clauses for each value of a field, in order; an empty value is left out."""
    values = sorted({str(getattr(clause, field)) for clause in clauses} - {""})
    return [
        total_of(value, [clause for clause in clauses if str(getattr(clause, field)) == value])
        for value in values
    ]
