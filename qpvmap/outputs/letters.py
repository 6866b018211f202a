"""A letter to somebody, as text and as HTML: the words from a template, the layout around them.

People's words never go through a template of words: they are lines that the layout quotes.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from qpvmap.resources import resource_dir

WIDTH = 76
SPACE_BEFORE = re.compile(r" (?=[:;?!»])|(?<=«) ")
"""Where French typography keeps two things on one line."""
BLOCKS = ("title", "body", "quoted", "step", "button")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the words of a letter: whose it is, where it leads, how to stop it."""

    subject: str
    url: str
    unsubscribe: str
    why: str
    signature: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter ready to be sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Words:
    """Which template, the values it tells, and what somebody wrote."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""


def render(words: Words, frame: Frame) -> Rendered:
    """Return the letter; a value is told on one line, whoever typed it."""
    told = _told(words)
    parts = {
        **asdict(frame),
        **told,
        "paragraphs": [line.strip() for line in told["body"].splitlines() if line.strip()],
        "words": words.said.strip().splitlines() if told["quoted"] else [],
    }
    layout = _environment().get_template
    return Rendered(
        subject=frame.subject,
        text=layout("emails/letter.txt").render(parts),
        html=layout("emails/letter.html").render(parts),
    )


def _told(words: Words) -> dict[str, str]:
    """Return what each block of the letter says; the common letter says what it does not."""
    own, common = (
        _environment().get_template(f"emails/letters/{name}.txt")
        for name in (words.template, "_letter")
    )
    context = own.new_context({name: _one_line(value) for name, value in words.values.items()})
    told = {}
    for name in BLOCKS:
        block = own.blocks.get(name) or common.blocks[name]
        told[name] = SPACE_BEFORE.sub("\u00a0", "".join(block(context))).strip()
    return told


def _one_line(value: Any) -> Any:
    """Return words without the line breaks that would make paragraphs of them."""
    if isinstance(value, str):
        return " ".join(value.split(None)) if "\n" in value or "\r" in value else value
    return value


def _filled(text: str) -> str:
    """Return a paragraph cut in lines that any screen holds; an address is never cut."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _quoted_line(text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent="> ",
        subsequent_indent="> ",
        break_long_words=False,
        break_on_hyphens=False,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["filled"] = _filled
    environment.filters["quoted_line"] = _quoted_line
    return environment
