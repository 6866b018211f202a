"""From what a form or a sheet says to an operation, with a French fault for each field.

The two doors share these readers, so that a workbook says nothing that a form would refuse.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from math import isfinite

from qpvmap.core.geo import LonLat
from qpvmap.core.money import UnreadableAmount, read_amount
from qpvmap.core.operations import (
    EQUIPMENT_LABELS,
    NATURE_LABELS,
    QUALITY_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    Draft,
    FundingLine,
    Step,
    sorted_steps,
)
from qpvmap.core.periods import FIRST_YEAR, LAST_YEAR, UnreadablePeriod, read_period
from qpvmap.core.plain_words import folded

LIMITS: Mapping[str, int] = {
    "title": 300,
    "work": 300,
    "owner": 200,
    "equipment_name": 200,
    "equipment_key": 200,
    "description": 4000,
    "note": 4000,
    "address": 250,
    "funder": 120,
    "step_note": 500,
    "line_note": 500,
}
SPLIT = re.compile(r"[;|\n]+")
SPLIT_WORDS = re.compile(r"[;,|\n]+")
YES = frozenset({"oui", "o", "x", "vrai", "true", "1", "1.0", "yes"})
NO = frozenset({"", "non", "n", "faux", "false", "0", "0.0", "no"})
NO_TITLE = "Donnez un intitulé."
NO_COMMUNE = "Choisissez au moins une commune."
NO_FUNDER = "Choisissez un financeur."
ENDS_BEFORE = "La fin vient avant le début."
RIOTS_NEED_REBUILDING = (
    "Le lien avec l’été 2023 est celui d’une reconstruction : cochez aussi cette nature."
)
HALF_A_PLACE = "Donnez la latitude et la longitude, ou aucune des deux."
LAT, LON = (
    "Latitude illisible : un nombre comme 48,7838.",
    "Longitude illisible : un nombre comme 2,3042.",
)
QUALITY_WITHOUT_PLACE = "Sans coordonnées, la qualité du lieu est « non précisé »."
NO_YEAR = f"Année illisible : quatre chiffres, de {FIRST_YEAR} à {LAST_YEAR}."


class Unreadable(ValueError):
    """A value cannot be what its field holds; the words say what is expected."""


@dataclass(frozen=True, slots=True)
class Known:
    """The words that a territory knows: communes by code; bodies and funders by folded name."""

    communes: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    funders: Mapping[str, str] = field(default_factory=dict)


Raw = Mapping[str, object]
Reader = Callable[[object, Known], object]


def text_of(value: object) -> str:
    """Return a cell as text: a whole number without its decimals, a day as French write it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return f"{day:%d/%m/%Y}"
    return re.sub(r"[ \t]+", " ", str(value).replace("\r\n", "\n").replace("\r", "\n")).strip()


def limited(name: str) -> Reader:
    """Return the reader of a free text of a bounded length."""

    def read(value: object, _: Known) -> str:
        text = text_of(value)
        if len(text) > LIMITS[name]:
            raise Unreadable(f"Texte trop long : {LIMITS[name]} caractères au plus.")
        return text

    return read


def one_of(labels: Mapping[str, str], default: str | None = None) -> Reader:
    """Return the reader of one choice, by its key or its words."""
    words = {folded(name): key for key, label in labels.items() for name in (key, label)}

    def read(value: object, _: Known) -> str:
        text = folded(text_of(value))
        if not text and default is not None:
            return default
        if text not in words:
            raise Unreadable(f"Choix possibles : {', '.join(labels.values())}.")
        return words[text]

    return read


def title(value: object, known: Known) -> object:
    """Return a title, which there must be."""
    text = limited("title")(value, known)
    if not text:
        raise Unreadable(NO_TITLE)
    return text


def communes(value: object, known: Known) -> tuple[str, ...]:
    """Return communes of the territory, by code or name, without repeats."""
    words = {folded(name): code for code, name in known.communes.items()} | {
        code: code for code in known.communes
    }
    given = [folded(part) for part in SPLIT_WORDS.split(text_of(value)) if part.strip()]
    unknown = [part for part in given if part not in words]
    if unknown:
        raise Unreadable(
            f"« {unknown[0]} » n’est pas une commune du territoire :"
            f" {', '.join(known.communes.values())}."
        )
    if not given:
        raise Unreadable(NO_COMMUNE)
    return tuple(dict.fromkeys(words[part] for part in given))


def natures(value: object, known: Known) -> tuple[str, ...]:
    """Return natures in the order of their list, without repeats."""
    read = one_of(NATURE_LABELS)
    given = {read(part, known) for part in SPLIT_WORDS.split(text_of(value)) if part.strip()}
    return tuple(nature for nature in NATURE_LABELS if nature in given)


def yes_or_no(value: object, _: Known) -> bool:
    """Return whether it says yes."""
    text = folded(text_of(value))
    if text not in YES | NO:
        raise Unreadable("Écrivez oui ou non.")
    return text in YES


def degrees(most: int, words: str) -> Reader:
    """Return the reader of a coordinate in degrees; a decimal comma is understood."""

    def read(value: object, _: Known) -> float | None:
        text = str(value).strip().replace(",", ".") if value is not None else ""
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            raise Unreadable(words) from None
        if not (isfinite(number) and abs(number) <= most):
            raise Unreadable(words)
        return number

    return read


def period(value: object, _: Known) -> object:
    """Return a period, or None."""
    return read_period(value)


def amount(value: object, _: Known) -> Decimal | None:
    """Return an amount in euros, or None."""
    return read_amount(value)


def year(value: object, _: Known) -> int | None:
    """Return a year, or None."""
    text = text_of(value)
    if not text:
        return None
    if not re.fullmatch(r"\d{4}", text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise Unreadable(NO_YEAR)
    return int(text)


def funder(value: object, known: Known) -> object:
    """Return the name of a funder, which there must be."""
    text = limited("funder")(value, known)
    if not text:
        raise Unreadable(NO_FUNDER)
    return known.funders.get(folded(str(text)), text)


def owner(value: object, known: Known) -> object:
    """Return the name of the body that owns the work, as the territory writes it if it is its."""
    text = limited("owner")(value, known)
    return known.bodies.get(folded(str(text)), text)


READERS: Mapping[str, Reader] = {
    "title": title,
    "communes": communes,
    "theme": one_of(THEME_LABELS),
    "natures": natures,
    "work": limited("work"),
    "status": one_of(STATUS_LABELS),
    "owner": owner,
    "equipment_state": one_of(EQUIPMENT_LABELS, ""),
    "equipment_name": limited("equipment_name"),
    "equipment_key": limited("equipment_key"),
    "starts": period,
    "ends": period,
    "cost": amount,
    "riots_2023": yes_or_no,
    "description": limited("description"),
    "note": limited("note"),
    "address": limited("address"),
    "lon": degrees(180, LON),
    "lat": degrees(90, LAT),
    "position_quality": one_of(QUALITY_LABELS, ""),
}
LINE_READERS: Mapping[str, Reader] = {
    "funder": funder,
    "year": year,
    "asked": amount,
    "agreed": amount,
    "paid": amount,
    "note": limited("line_note"),
}
STEP_READERS: Mapping[str, Reader] = {
    "status": one_of(STATUS_LABELS),
    "at": period,
    "note": limited("step_note"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood, and a French fault for each field that was not."""

    draft: Draft
    faults: Mapping[str, str]


def read_values(
    raw: Raw, readers: Mapping[str, Reader], known: Known
) -> tuple[dict[str, object], dict[str, str]]:
    """Return what each field given holds, and what is wrong with those that cannot be read."""
    values: dict[str, object] = {}
    faults: dict[str, str] = {}
    for name in readers.keys() & raw.keys():
        try:
            values[name] = readers[name](raw[name], known)
        except (Unreadable, UnreadablePeriod, UnreadableAmount) as fault:
            faults[name] = str(fault)
    return values, {name: faults[name] for name in readers if name in faults}


def read_operation(raw: Raw, before: Draft, known: Known) -> Reading:
    """Return `before` with the fields that `raw` gives; those it does not name stay.

    An empty value forgets what was known.
    """
    values, faults = read_values(raw, READERS, known)
    place_given = bool({"lon", "lat", "position_quality"} & raw.keys())
    if place_given and not {"lon", "lat"} & faults.keys():
        place, quality, fault = _placed(values, before)
        values |= {"place": place, "position_quality": quality}
        faults |= fault
    names = {column.name for column in fields(Draft)}
    kept = {name: value for name, value in values.items() if name in names and name not in faults}
    draft = replace(before, **kept)  # type: ignore[arg-type]  # each reader gives its field's type
    return Reading(draft, faults | cross_faults(draft, faults))


def _placed(
    values: Mapping[str, object], before: Draft
) -> tuple[LonLat | None, str, dict[str, str]]:
    """Return where it is and how surely, by both coordinates and the quality given."""
    was = before.place
    lon = values.get("lon", was.lon if was else None)
    lat = values.get("lat", was.lat if was else None)
    quality = str(values.get("position_quality", before.position_quality))
    if (lon is None) != (lat is None):
        missing_one = "lon" if lon is None else "lat"
        return was, before.position_quality, {missing_one: HALF_A_PLACE}
    if not isinstance(lon, float) or not isinstance(lat, float):
        return None, "unknown", {}
    if quality in ("", "unknown"):
        quality = "exact" if not quality or before.place is None else before.position_quality
    return LonLat(lon, lat), quality, {}


def cross_faults(draft: Draft, faults: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong between fields that were read."""
    found = {}
    if draft.starts and draft.ends and draft.ends.last < draft.starts.first:
        found["ends"] = ENDS_BEFORE
    if draft.riots_2023 and "reconstruction" not in draft.natures and "natures" not in faults:
        found["riots_2023"] = RIOTS_NEED_REBUILDING
    if not draft.title and "title" not in faults:
        found["title"] = NO_TITLE
    if not draft.communes and "communes" not in faults:
        found["communes"] = NO_COMMUNE
    if not draft.theme and "theme" not in faults:
        found["theme"] = f"Choisissez un thème : {', '.join(THEME_LABELS.values())}."
    return {name: words for name, words in found.items() if name not in faults}


def is_blank(raw: Raw) -> bool:
    """Return whether a row of a form or a sheet holds nothing."""
    return not any(text_of(value) for value in raw.values())


def read_line(raw: Raw, known: Known) -> tuple[FundingLine | None, dict[str, str]]:
    """Return a funding line, and the faults of its fields."""
    values, faults = read_values(raw, LINE_READERS, known)
    return (None, faults) if faults else (FundingLine(**values), {})  # type: ignore[arg-type]  # each reader gives its field's type


def read_step(raw: Raw, known: Known) -> tuple[Step | None, dict[str, str]]:
    """Return a dated state, and the faults of its fields."""
    values, faults = read_values(raw, STEP_READERS, known)
    return (None, faults) if faults else (Step(**values), {})  # type: ignore[arg-type]  # each reader gives its field's type


def read_rows(
    rows: Iterable[Raw], read: Callable[[Raw, Known], tuple[object, dict[str, str]]], known: Known
) -> tuple[list[object], dict[str, str]]:
    """Return what rows hold, blank ones left out, and their faults by `field-number` from 0."""
    found: list[object] = []
    faults: dict[str, str] = {}
    for number, raw in enumerate(rows):
        if is_blank(raw):
            continue
        value, wrong = read(raw, known)
        faults |= {f"{name}-{number}": words for name, words in wrong.items()}
        if value is not None:
            found.append(value)
    return found, faults


def with_rows(
    draft: Draft, lines: Sequence[object] | None, steps: Sequence[object] | None
) -> Draft:
    """Return the draft with these lines and steps instead of its own; None leaves them."""
    if lines is not None:
        draft = replace(draft, lines=tuple(v for v in lines if isinstance(v, FundingLine)))
    if steps is not None:
        draft = replace(draft, steps=sorted_steps([v for v in steps if isinstance(v, Step)]))
    return draft
