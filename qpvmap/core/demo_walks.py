"""Invented walks of a demonstration, as their file describes them."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Annotated

from pydantic import Field

from qpvmap.core.territories import Described, Slug, Words
from qpvmap.core.walks import BodyKind, DecisionStatus, Grade


class DemoBody(Described):
    """How many of a body walked along."""

    kind: BodyKind
    name: str = ""
    heads: Annotated[int, Field(ge=1, le=500)]


class DemoStop(Described):
    """A stop and what was said there; `signalements` are numbers of invented ones."""

    label: Words
    lon: float
    lat: float
    grades: Mapping[Slug, Grade] = Field(default_factory=dict)
    texts: Mapping[Slug, str] = Field(default_factory=dict)
    note: str = ""
    signalements: Sequence[int] = ()
    good: Sequence[str] = ()


class DemoDecision(Described):
    """A promise, due so many days after the walk, and what became of it."""

    what: Words
    team: Slug
    due_days: int
    status: DecisionStatus
    note: str = ""
    signalements: Sequence[int] = ()


class DemoWalk(Described):
    """An invented walk; `follows` is the key of the one before."""

    key: Slug
    title: Words
    theme: Slug
    author: str
    days_ago: float
    starts_at: time
    ends_at: time
    follows: Slug | None = None
    conclusion: str = ""
    bodies: Sequence[DemoBody]
    stops: Sequence[DemoStop]
    decisions: Sequence[DemoDecision] = ()


class DemoWalks(Described):
    """All of them, the first in time first."""

    walks: Sequence[DemoWalk] = ()
