"""The mail that asks a structure to check its page of the guide."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from qpvmap.resources import resource_dir


def ask_to_review(name: str, territory: str, link: str, *, again: bool) -> tuple[str, str]:
    """Return the subject and the text, of a reminder when `again`.

    Names are told on one line, whoever typed them.
    """
    parts = {"name": " ".join(name.split()), "territory": " ".join(territory.split())}
    text = (
        _environment()
        .get_template("emails/guide_review.txt")
        .render(**parts, link=link, again=again)
    )
    reminder = "Rappel : " if again else ""
    return f"{reminder}Guide des services, {parts['territory']} : vérifiez votre page", text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
