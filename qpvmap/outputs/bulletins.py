"""A bulletin as text and as HTML, with the site's own name before each of its addresses."""

import textwrap
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from qpvmap.core.bulletins import Bulletin
from qpvmap.outputs.letters import Rendered
from qpvmap.resources import resource_dir

WIDTH = 76


def render(bulletin: Bulletin, base_url: str, signature: str) -> Rendered:
    """Return the bulletin of a site; `signature` says whose it is."""
    parts = {"bulletin": bulletin, "base_url": base_url, "signature": signature}
    layout = _environment().get_template
    return Rendered(
        subject=" ".join(bulletin.subject.split()),
        text=layout("emails/bulletin.txt").render(parts),
        html=layout("emails/bulletin.html").render(parts),
    )


def _filled(text: str) -> str:
    """Return a paragraph cut in lines that any screen holds."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


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
    return environment
