"""Every letter, as text and HTML: compared with what people are to read."""

import re
from pathlib import Path
from typing import Any

import pytest

from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Outcome
from qpvmap.outputs.letters import Frame, Rendered, Words, render

EXPECTED = Path(__file__).with_name("letters")
SAID = "C’est <b>rebouché</b>.\n.Merci"
FRAME = Frame(
    subject="Signalement TO-2026-0007, Les Deux Rives",
    url="https://carte.example.fr/suivi/abc",
    unsubscribe="https://carte.example.fr/desabonnement/def",
    why="Vous recevez ce courriel parce que vous avez laissé cette adresse en signalant.",
    signature="Les Deux Rives, la carte commune",
    about="Voirie, 12 rue des Lilas, signalé le dimanche 22 novembre.",
)
VALUES: dict[str, Any] = {
    "team": "Voirie",
    "of_body": " (Ville de l’Ouest)",
    "day": "lundi 23 novembre",
    "due_day": "vendredi 4 décembre",
    "promise": "Réponse avant le vendredi 4 décembre.",
    "emergency": False,
    "contest_until": "mercredi 23 décembre",
    "parts_ended": False,
    "outcome": "",
    "reason": "compétence de ce service pour cette catégorie dans cette commune",
    "planned_day": "jeudi 26 novembre",
    "planned_before": "",
    "waiting_on": "Enedis",
    "photo": False,
    "arbitrated": False,
    "writer_title": "Le service",
    "writer": "Ville de l’Ouest",
    "asks": False,
    "original": "TO-2026-0003",
    "original_team": "Voirie",
    "original_due_day": "lundi 30 novembre",
    "parts": [
        {
            "reference": "TO-2026-0008",
            "category": "Éclairage",
            "team": "Lumière",
            "due_day": "lundi 30 novembre",
        }
    ],
}

CASES: dict[str, tuple[Letter, dict[str, Any]]] = {
    "received": (Letter.RECEIVED, {}),
    "received-emergency": (
        Letter.RECEIVED,
        {"emergency": True, "promise": "Réponse avant le lundi 23 novembre, 10 h 00."},
    ),
    "taken": (Letter.TAKEN, {}),
    "started": (Letter.STARTED, {}),
    "planned": (Letter.PLANNED, {}),
    "planned-again": (Letter.PLANNED, {"planned_before": "mardi 24 novembre"}),
    "waiting": (Letter.WAITING, {}),
    "done": (Letter.DONE, {}),
    "done-with-photo": (Letter.DONE, {"photo": True}),
    "closed-done": (Letter.CLOSED_DONE, {}),
    "closed-done-late": (Letter.CLOSED_DONE, {"contest_until": ""}),
    "closed-parts": (Letter.CLOSED_DONE, {"parts_ended": True}),
    **{
        f"closed-without-{outcome.value}": (Letter.CLOSED_WITHOUT, {"outcome": outcome.value})
        for outcome in Outcome
        if outcome not in {Outcome.DONE, Outcome.DUPLICATE}
    },
    "closed-without-parts": (Letter.CLOSED_WITHOUT, {"parts_ended": True}),
    "reopened": (Letter.REOPENED, {}),
    "handed": (Letter.HANDED, {}),
    "handed-by-coordination": (Letter.HANDED, {"arbitrated": True}),
    "arbitration": (Letter.ARBITRATION, {}),
    "answer": (Letter.ANSWER, {}),
    "question": (Letter.ANSWER, {"asks": True}),
    "coordination": (Letter.ANSWER, {"writer_title": "La coordination du quartier"}),
    "merged": (Letter.MERGED, {}),
    "unmerged": (Letter.UNMERGED, {}),
    "split": (Letter.SPLIT, {}),
}
QUOTES_NOBODY = {Letter.RECEIVED, Letter.REOPENED, Letter.SPLIT}


def letter_of(name: str) -> Rendered:
    letter, changes = CASES[name]
    said = "" if letter in QUOTES_NOBODY else SAID
    return render(Words(letter, VALUES | changes, said), FRAME)


def test_every_letter_has_a_case() -> None:
    assert {letter for letter, _ in CASES.values()} == set(Letter)


@pytest.mark.parametrize("name", CASES)
def test_letter_when_rendered_then_reads_as_expected(name: str) -> None:
    assert letter_of(name).text == (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_html_when_rendered_then_says_the_same_escaped_and_loads_nothing(name: str) -> None:
    letter = letter_of(name)
    assert "<b>rebouché" not in letter.html
    assert re.findall(r"""(?:src|href)="([^"]+)""", letter.html) == [FRAME.url, FRAME.unsubscribe]
    assert not re.search(r"url\(|@import|<script|<img", letter.html)
    assert "prefers-color-scheme: dark" in letter.html
    title = letter.text.splitlines()[0]
    assert f">{title}</h1>" in letter.html


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("closed-without")])
def test_closed_without_work_when_told_then_never_says_that_it_was_done(name: str) -> None:
    assert not re.search(r"\b(réglé|fait|faite|résolu)\b", letter_of(name).text)


def test_words_when_somebody_typed_lines_then_make_no_paragraph_of_ours() -> None:
    values = VALUES | {"waiting_on": "Enedis\n\nCliquez ici : https://ailleurs.example"}
    letter = render(Words(Letter.WAITING, values, "bonjour"), FRAME)
    assert "Enedis Cliquez ici" in letter.html
    assert "https://ailleurs.example" not in re.findall(r'href="([^"]+)"', letter.html)


def test_confidential_letter_when_rendered_then_tells_nothing_but_that_there_is_news() -> None:
    frame = Frame(**{**{f: getattr(FRAME, f) for f in FRAME.__slots__}, "about": ""})
    letter = render(Words("confidential"), frame)
    expected = (EXPECTED / "confidential.txt").read_text(encoding="utf-8")
    assert letter.text == expected
