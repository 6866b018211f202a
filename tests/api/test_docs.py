"""docs/api.md says what is so: its examples are run, its tables compared."""

import re
import shlex
from urllib.parse import urlsplit

from flask import Flask

from qpvmap.api.problems import CATALOGUE, NOWHERE
from qpvmap.core.signalements import Submission
from qpvmap.settings import CHECKOUT
from tests.api.conftest import Call

PAGE = (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
TOKEN = re.compile(r"TOKEN=\$\(qpvmap user token (\S+)\)")
PEOPLE = {"mediateur@demo.example": "mediator", "coordinateur@demo.example": "coordinator"}
SITE = "http://127.0.0.1:8000"


def parsed(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """Return the method, path, headers and body of a curl command."""
    method, path, headers, body = "GET", "", {}, None
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            address = urlsplit(word)
            path = f"{address.path}?{address.query}"
    return method, path, headers, body


def test_examples_when_run_in_order_then_answer_as_they_say(app: Flask, call: Call) -> None:
    known, ran, client = {"SITE": SITE}, 0, app.test_client()
    for block in BLOCK.findall(PAGE):
        if person := TOKEN.search(block):
            known["TOKEN"] = call(PEOPLE[person[1]]).token or ""
        if "curl" not in block:
            continue
        if given := re.search(r"^REFERENCE=(\S+)$", block, re.MULTILINE):
            known["REFERENCE"] = given[1]
        command, _, status = block[block.index("curl") :].partition("\n# ")
        for name, value in known.items():
            command = command.replace(f"${name}", value)
        method, path, headers, body = parsed(shlex.split(command.replace("\\\n", " ")))
        data = body.encode() if body else None
        answer = client.open(path, method=method, headers=headers, data=data)
        assert answer.status_code == int(status), f"{command}\n{answer.text}"
        ran += 1
    assert ran == PAGE.count("curl ") >= 10


def test_page_when_it_lists_refusals_then_names_them_all() -> None:
    table = PAGE[PAGE.index("|---", PAGE.index("| statut |")) :]
    assert {*CATALOGUE, NOWHERE.slug} == set(re.findall(r"`([a-z-]+)`", table))


def test_page_when_it_lists_the_fields_then_names_them_all() -> None:
    table = PAGE[PAGE.index("| champ |") : PAGE.index("La réponse 201")]
    assert set(Submission.model_fields) <= set(re.findall(r"`(\w+)`", table))
