"""Every route, as everybody: what is confidential is nowhere that it must not be.

A route added later is walked too; if its address needs something this file does not know, the
test says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.bulk import BulkAction, Typed
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.errors import CannotChange
from qpvmap.core.notices import Channel, Sending
from qpvmap.core.outreach import Initiative, Solicitation
from qpvmap.core.permissions import Nature
from qpvmap.core.photos import Moment
from qpvmap.core.replies import Occasion
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Status
from qpvmap.storage.contacts import add_contact
from qpvmap.storage.models import (
    Account,
    Contact,
    Emprise,
    InitiativePhoto,
    Notice,
    Photo,
    Precedent,
    ReplyTemplate,
    RoundStop,
    Signalement,
)
from qpvmap.usecases.accounts import issue_token
from qpvmap.usecases.arbitration import decide, rule_from_precedent
from qpvmap.usecases.bulk import Item, advance, open_run
from qpvmap.usecases.initiatives import note_initiative
from qpvmap.usecases.joining import Part, merge, split
from qpvmap.usecases.messages import answer, note
from qpvmap.usecases.rounds import NewRound, create_round
from qpvmap.usecases.solicitations import note_solicitation
from qpvmap.usecases.walk_decisions import NewDecision, add_decision
from qpvmap.usecases.walk_records import add_point, record_visit
from qpvmap.usecases.walks import close_walk, create_walk
from qpvmap.web import papers
from tests.factories import (
    IN_QUARTER_WEST,
    Toy,
    actor_for,
    make_account,
    make_signalement,
    make_territory,
)
from tests.usecases.walk_help import defect, make_walk, new_walk, visit
from tests.usecases.walk_help import stop_ids as walk_stop_ids
from tests.walkers import make_words, walked
from tests.web.people import sign_in

SECRET = "CONFIDENTIEL-3141"
"""In each text, address, comment and reference of what is confidential."""
HIDDEN = "06 27 18 28 18"
"""A text of a public signalement that nobody has checked."""
CONTACT = "lea.2718@example.org"
NOTE = "NOTE-INTERNE-1618"
UNKNOWN = "TO-2026-99999"
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"
MISSING_ID = 987_654

LIBRARY = ("security.", "static", "openapi.")
"""Views of libraries: they know nothing of signalements."""

PEOPLE: Mapping[str, tuple[Role, tuple[str, ...]]] = {
    "resident": (Role.RESIDENT, ()),
    "agent": (Role.AGENT, ("technique-ouest",)),
    "lead": (Role.LEAD, ("technique-est",)),
    "planner": (Role.PLANNER, ()),
    "admin": (Role.ADMIN, ()),
    "mediator": (Role.MEDIATOR, ()),
    "police": (Role.AGENT, ("police",)),
    "coordinator": (Role.COORDINATOR, ("coordination",)),
    "walker": (Role.MEDIATOR, ("coordination",)),
}
BLIND = ("nobody", "resident", "agent", "lead", "planner", "admin")
"""Who may not know of the confidential one."""
SEEING = ("mediator", "police", "coordinator")
OUTSIDE = ("nobody", "resident", "lead", "planner", "admin", "mediator", "police")
"""Who does not handle the public one: neither its contact, its notes nor its hidden text."""
ADDRESS = f"3 allée {SECRET}"
SECRET_MAIL = "secret.3141@example.org"
WORDS = ("Texte", "Réponse", "Note", "Partie", "Motif")
WRITTEN = (*(f"{word} {SECRET}" for word in WORDS), ADDRESS, SECRET_MAIL)
"""What is written in it, which nobody can have typed in an address."""


@dataclass
class Planted:
    """What was put into the database, and who reads it."""

    secret: Signalement
    public: Signalement
    tokens: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    values: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def photo_of(session: Session, row: Signalement) -> Photo:
    photo = Photo(
        client_id=uuid4(),
        signalement_id=row.id,
        moment=Moment.BEFORE,
        key=uuid4().hex,
        width=4,
        height=3,
        size_bytes=12,
        uploaded_at=row.created_at,
    )
    session.add(photo)
    session.flush()
    return photo


def plant_secret(session: Session, toy: Toy, coordinator: Any, now: datetime) -> Signalement:
    """Add confidential signalements in every state that shows something somewhere."""
    common = {"category": "rixe", "team": "police", "address": ADDRESS, "created_at": now}
    row = make_signalement(
        session, toy, reference=f"TO-{SECRET}", description=f"Texte {SECRET}", **common
    )
    twin, whole, settled, disputed = (
        make_signalement(
            session, toy, reference=f"TO-{SECRET}-{n}", description=f"Texte {SECRET} {n}", **common
        )
        for n in range(4)
    )
    settled.status, settled.outcome, settled.settled_at = Status.RESOLVED, "done", now
    disputed.status, disputed.clock_stopped_at = Status.TO_ARBITRATE, now
    session.flush()
    decide(
        session, coordinator, disputed.reference, "police", f"Motif {SECRET}", disputed.version, now
    )
    merge(session, coordinator, twin.reference, row.reference, twin.version, now, f"Motif {SECRET}")
    split(
        session,
        coordinator,
        whole.reference,
        [Part("rixe", f"Partie {SECRET} {n}") for n in range(2)],
        whole.version,
        now,
    )
    answer(session, coordinator, row.reference, f"Réponse {SECRET}", now)
    note(session, coordinator, row.reference, f"Note {SECRET}", now)
    details = ContactDetails(name=SECRET, email=SECRET_MAIL, consent=True)
    add_contact(session, coordinator, row.id, details, now)
    return row


def plant_public(session: Session, toy: Toy, coordinator: Any, now: datetime) -> Signalement:
    """Add a public signalement with a text to check, a contact and an internal note."""
    row = make_signalement(
        session,
        toy,
        reference="TO-2026-0777",
        description=f"Appelez le {HIDDEN}",
        description_hidden=True,
        created_at=now,
    )
    add_contact(session, ANONYMOUS, row.id, ContactDetails(email=CONTACT, consent=True), now)
    note(session, coordinator, row.reference, NOTE, now)
    return row


def plant_presence(session: Session, toy: Toy, walker: Account, now: datetime) -> None:
    """Add what a mediator noted: a round, a solicitation and an action that say the secret."""
    make_words(session, toy)
    who = actor_for(walker)
    walked(session, who, now - timedelta(hours=3), client_id=PRESENCE)
    asked = Solicitation(PRESENCE, "habitant", "proprete", note=f"Note {SECRET}")
    note_solicitation(session, who, asked, now)
    told = Initiative(PRESENCE, "proprete", f"Texte {SECRET}", None, story=f"Réponse {SECRET}")
    initiative, _ = note_initiative(session, who, told, now)
    session.add(
        InitiativePhoto(
            client_id=uuid4(),
            initiative_id=initiative.id,
            key=uuid4().hex,
            width=4,
            height=3,
            size_bytes=12,
            uploaded_at=now,
        )
    )
    session.flush()


def plant_reply(session: Session, toy: Toy) -> ReplyTemplate:
    """Add a ready-made answer of the team that handles what is confidential."""
    reply = ReplyTemplate(
        territory_id=toy.territory.id,
        code="secrete",
        occasion=Occasion.TAKEN,
        category_id=toy.categories["rixe"].id,
        team_id=toy.teams["police"].id,
        title=f"Réponse {SECRET}",
        text=f"Texte {SECRET}",
    )
    session.add(reply)
    session.flush()
    return reply


def plant_rounds(
    session: Session, accounts: Mapping[str, Account], planted: Planted, now: datetime
) -> dict[str, tuple[int, ...]]:
    """Add a round that holds the confidential one, and one that held it before it went away."""
    police = create_round(
        session, actor_for(accounts["police"]), NewRound([planted.secret.reference]), now
    ).round
    other = create_round(
        session, actor_for(accounts["agent"]), NewRound([planted.public.reference]), now
    ).round
    session.add(RoundStop(round_id=other.id, signalement_id=planted.secret.id, position=2))
    session.flush()
    stops = session.scalars(select(RoundStop.id).where(RoundStop.round_id == other.id)).all()
    return {"round_id": (police.id, other.id, MISSING_ID), "stop_id": (*stops, MISSING_ID)}


def plant_walk(
    session: Session, toy: Toy, coordinator: Any, secret: Signalement, now: datetime
) -> dict[str, tuple[int, ...]]:
    """Add a walk on which the confidential one was seen, and a promise about it; its follow-up."""
    walk = make_walk(session, toy, coordinator, now)
    (stop, *_) = walk_stop_ids(session, walk)
    record_visit(session, coordinator, walk.id, visit(stop, securite="bad"), now)
    seen = add_point(session, coordinator, walk.id, defect(stop, "rixe"), now)[0]
    seen.signalement_id, secret.walk_id = secret.id, walk.id
    asked = NewDecision(uuid4(), "Passer plus souvent", "police", references=[secret.reference])
    decision, _ = add_decision(session, coordinator, walk.id, asked, now)
    close_walk(session, coordinator, walk.id, now)
    after = create_walk(session, coordinator, toy.territory, new_walk(follows_id=walk.id), now).walk
    return {
        "walk_id": (walk.id, after.id, MISSING_ID),
        "place_id": (stop, MISSING_ID),
        "decision_id": (decision.id, MISSING_ID),
    }


@pytest.fixture
def planted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Planted:
    # what would be printed is read as it is laid out: compressed, no word of it could be found
    monkeypatch.setattr(papers, "print_pdf", lambda page: page.encode())
    app.config["WTF_CSRF_METHODS"] = set()  # forms are sent without having been asked for
    now = datetime.now(UTC) - timedelta(hours=1)
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        toy = make_territory(session, "blagis")
        for category in toy.categories.values():
            category.kindred = "all"
        accounts = {name: make_account(session, toy, r, *t) for name, (r, t) in PEOPLE.items()}
        coordinator = actor_for(accounts["coordinator"])
        secret = plant_secret(session, toy, coordinator, now)
        found = Planted(secret, plant_public(session, toy, coordinator, now), accounts=accounts)
        found.tokens = {
            name: issue_token(session, account.id, "", now) for name, account in accounts.items()
        }
        run_on_secret(session, coordinator, secret, now)
        plant_presence(session, toy, accounts["walker"], now)
        reply = plant_reply(session, toy)
        found.values = {
            **values_of(secret, found.public),
            "photo_id": (photo_of(session, secret).id, MISSING_ID),
            "reply_id": (reply.id, MISSING_ID),
            "notice_id": (failed_notice(session, secret), MISSING_ID),
            **plant_rounds(session, accounts, found, now),
            **plant_walk(session, toy, coordinator, secret, now),
        }
        session.commit()
    return found


def run_on_secret(session: Session, coordinator: Any, secret: Signalement, now: datetime) -> None:
    """Keep a run of the coordination that holds the confidential one, refused and done."""
    row = Item(secret.reference, secret.version)
    typed = Typed(f"Motif {SECRET}", waiting_on=SECRET)
    open_run(session, coordinator, RUN, BulkAction.WAIT, [row], typed, now)
    advance(session, coordinator, RUN, now)


def failed_notice(session: Session, row: Signalement) -> int:
    """Add a mail about it that could not be sent."""
    contact = session.scalars(select(Contact).where(Contact.signalement_id == row.id)).one()
    notice = Notice(
        key="event:1:mail:contact:1",
        territory_id=row.territory_id,
        kind=Letter.ANSWER,
        channel=Channel.MAIL,
        signalement_id=row.id,
        contact_id=contact.id,
        address=contact.email,
        state=Sending.FAILED,
        created_at=row.created_at,
    )
    session.add(notice)
    session.flush()
    return notice.id


def values_of(secret: Signalement, public: Signalement) -> dict[str, Any]:
    """Return what stands for each part of an address, by its name."""
    return {
        "reference": (secret.reference, public.reference, UNKNOWN),
        "size": ("thumb", "full"),
        "key": ("communes", "emprises", "operations", "population"),
        "suffix": ("csv", "geojson", "xlsx"),
        "kind": ("signalement", "commune", "emprise"),
        "code": (secret.reference, public.reference, UNKNOWN, "92901", "QN09299X"),
        "slug": ("introuvable",),
        "precedent_id": (1,),
        "token_id": (MISSING_ID,),
        "account_id": (1, MISSING_ID),
        "team_id": (secret.team_id, MISSING_ID),
        "view_id": (MISSING_ID,),
        "place_id": (MISSING_ID,),
        "match_id": (MISSING_ID,),
        "offer_id": (MISSING_ID,),
        "proposal_id": (MISSING_ID,),
        "subscription_id": (1, MISSING_ID),
        "device_id": (MISSING_ID,),
        "document_id": (MISSING_ID,),
        "import_key": (uuid4(),),
        "clause_id": (MISSING_ID,),
        "change_id": (MISSING_ID,),
        "list_key": (uuid4(),),
        "token": ("nobodys.link",),
        "run_id": (RUN, uuid4()),
        "presence_uid": (PRESENCE, uuid4()),
        "solicitation_uid": (PRESENCE, uuid4()),
        "initiative_uid": (PRESENCE, uuid4()),
        "initiative_photo_id": (1, MISSING_ID),
        "table": ("heures", "introuvable"),
        "form": ("csv",),
        "client_id": (str(secret.client_id), str(public.client_id), RUN, UNKNOWN_UUID),
        "name": (),
        "way": (),
    }


def addresses(rule: Rule, planted: Planted) -> Iterator[str]:
    """Return the addresses of a rule, one for each combination of what may stand in it."""
    parts = sorted(rule.arguments)
    for values in product(*(choices_of(rule, part, planted) for part in parts)):
        built = rule.build(dict(zip(parts, values, strict=True)))
        assert built is not None, rule
        yield built[1]


def choices_of(rule: Rule, part: str, planted: Planted) -> tuple[Any, ...]:
    assert part in planted.values, f"{rule.rule}: say in values_of what {part} may be"
    words = re.search(rf"<any\((.*?)\):{part}>", rule.rule)
    return tuple(re.findall(r'"([^"]+)"', words[1])) if words else planted.values[part]


QUERIES = (
    "",
    f"?q={SECRET}&recherche={SECRET}&categorie=rixe&onglet=tous",
    "?bbox=2.28,48.77,2.32,48.79",
    "?count=true&category=rixe",
    f"?lon={IN_QUARTER_WEST.lon}&lat={IN_QUARTER_WEST.lat}&category=voirie&accuracy_m=30",
    f"?lon={IN_QUARTER_WEST.lon}&lat={IN_QUARTER_WEST.lat}&category=rixe",
    "?partie=fiche",
    f"?vue=tous&vus=TO-{SECRET}&lu=2020-01-01",
)
PARTS = ("", "?partie=fiche")
GEOJSON = "application/geo+json"
RUN = UUID("0d7a6f2e-5c1b-4b7e-9c55-2f6a0b1c9d3e")
PRESENCE = UUID("5f3c1b52-9a51-4d0e-8f0a-7a2b9c4d1e60")
MANY = 150
"""Fewer answers than that, and the walk would have lost its way."""
FORM = {
    "client_id": "6a3f0a52-0a39-4f0b-9d0e-5a8f4b1f6c11",
    "to": "acknowledged",
    "version": "1",
    "comment": "Vu.",
    "text": "Vu.",
    "reason": "Vu.",
    "team": "technique-ouest",
    "category": "voirie",
    "priority": "high",
    "original": f"TO-{SECRET}",
    "moment": "before",
}


@dataclass
class Reader:
    """Somebody who asks the site and the API, and what they were answered."""

    name: str
    client: FlaskClient
    token: str | None

    def ask(self, method: str, path: str, accept: str = "*/*") -> tuple[int, str]:
        headers = {"Accept": accept}
        if self.token and path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self.token}"
        options: dict[str, Any] = {}
        if method == "POST":
            options = {"json": FORM} if path.startswith("/api/") else {"data": FORM}
        with self.client.open(path, method=method, headers=headers, **options) as given:
            body = given.get_data().decode(errors="replace")
            return given.status_code, body + str(given.headers)


def reader(app: Flask, planted: Planted, name: str) -> Reader:
    client = app.test_client()
    if name in planted.accounts:
        sign_in(client, planted.accounts[name])
    return Reader(name, client, planted.tokens.get(name))


def rules(app: Flask, method: str) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and not rule.endpoint.startswith(LIBRARY)
    ]


def everything_read(app: Flask, who: Reader, planted: Planted) -> Iterator[tuple[str, str]]:
    """Return each address that `who` can ask for, and what it answers."""
    for rule in rules(app, "GET"):
        queries = PARTS if rule.arguments else QUERIES
        for path, query in product(addresses(rule, planted), queries):
            yield path + query, who.ask("GET", path + query)[1]
            if "/api/" in path:
                yield path + query, who.ask("GET", path + query, GEOJSON)[1]


def forbidden_to(name: str, path: str) -> tuple[str, ...]:
    """Return what must not stand in the answer to `path`; what was asked for may be said back."""
    handled = (CONTACT, NOTE, HIDDEN) if name in OUTSIDE else ()
    if name not in BLIND:
        return handled
    return handled + (WRITTEN if SECRET in path else (SECRET, SECRET_MAIL))


def test_everything_when_asked_for_then_nothing_is_read_that_must_not_be(
    app: Flask, planted: Planted
) -> None:
    for name in sorted({*BLIND, *OUTSIDE}):
        read = list(everything_read(app, reader(app, planted, name), planted))
        leaks = [
            (name, path, word)
            for path, body in read
            for word in forbidden_to(name, path)
            if word in body
        ]
        assert leaks == []
        assert len(read) > MANY


def test_everything_when_one_may_read_it_then_it_is_there(app: Flask, planted: Planted) -> None:
    """The walk would find it: it is not blind by itself."""
    for name in SEEING:
        who = reader(app, planted, name)
        page = who.ask("GET", f"/signalements/TO-{SECRET}")
        assert page[0] == 200
        assert f"Texte {SECRET}" in page[1]
        assert f"Texte {SECRET}" in who.ask("GET", "/api/v1/signalements?count=true")[1]
        assert f"TO-{SECRET}" in who.ask("GET", "/carte/signalements.geojson")[1]
    walk_id = planted.values["walk_id"][0]
    for name in SEEING:
        report = f"/parcours/marches/{walk_id}/compte-rendu"
        assert f"TO-{SECRET}" in reader(app, planted, name).ask("GET", report)[1]
        assert f"TO-{SECRET}" not in reader(app, planted, name).ask("GET", f"{report}.pdf")[1]
    for name in ("agent", "coordinator"):
        page = reader(app, planted, name).ask("GET", f"/signalements/{planted.public.reference}")
        assert all(word in page[1] for word in (CONTACT, NOTE, HIDDEN))


def test_confidential_when_addressed_then_as_if_it_did_not_exist_and_nothing_is_written(
    app: Flask, planted: Planted
) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        before = state_of_secrets(session)
        session.rollback()
        told_apart = [
            (name, *answer)
            for name in BLIND
            for answer in told_apart_by(app, planted, reader(app, planted, name))
        ]
        assert told_apart == []
        assert state_of_secrets(session) == before


def test_everything_when_sent_then_no_answer_tells_what_is_confidential(
    app: Flask, planted: Planted
) -> None:
    """Forms name the confidential one where they may; only what was sent may be said back."""
    for name in BLIND:
        who = reader(app, planted, name)
        sent = [path for rule in rules(app, "POST") for path in addresses(rule, planted)]
        answers = [(path, who.ask("POST", path)[1]) for path in sent]
        leaks = [(name, path, word) for path, body in answers for word in WRITTEN if word in body]
        assert leaks == []
        assert len(answers) > len(rules(app, "POST"))


def told_apart_by(app: Flask, planted: Planted, who: Reader) -> Iterator[tuple[Any, ...]]:
    """Return where an answer differs from the one about something that does not exist."""
    secret = {
        planted.secret.reference: UNKNOWN,
        str(planted.secret.client_id): UNKNOWN_UUID,
        f"photos/{planted.values['photo_id'][0]}/": f"photos/{MISSING_ID}/",
        f"reponses/{planted.values['reply_id'][0]}": f"reponses/{MISSING_ID}",
    }
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            for path in addresses(rule, planted):
                unknown = path
                for known, other in secret.items():
                    unknown = unknown.replace(known, other)
                if unknown == path:
                    continue
                status, expected = who.ask(method, path)[0], who.ask(method, unknown)[0]
                if status != expected:
                    yield method, path, status, expected


def state_of_secrets(session: Session) -> list[Any]:
    rows = session.execute(
        select(Signalement.id, Signalement.version, Signalement.supports, Signalement.status)
        .where(Signalement.nature == Nature.TRANQUILLITE)
        .order_by(Signalement.id)
    )
    return [tuple(row) for row in rows]


def test_counts_when_public_then_what_is_confidential_is_in_none(
    app: Flask, planted: Planted
) -> None:
    """No count that the public reads holds it, so none under five has to be hidden."""
    with Session(app.extensions["qpvmap"].engine) as session:
        public = session.scalar(select(func.count()).where(Signalement.nature == Nature.TECHNIQUE))
    for name in BLIND:
        who = reader(app, planted, name)
        answer = who.client.get(
            "/api/v1/signalements?count=true",
            headers={"Authorization": f"Bearer {who.token}"} if who.token else {},
        )
        assert answer.json is not None
        assert answer.json["total"] == public
        features = who.client.get("/carte/signalements.geojson").json
        assert features is not None
        assert len(features["features"]) == public


def test_rule_when_the_decision_is_confidential_then_its_place_is_not_drawn(
    app: Flask, planted: Planted
) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        coordinator = actor_for(session.get_one(Account, planted.accounts["coordinator"].id))
        precedent_id = session.scalars(select(Precedent.id)).one()
        with pytest.raises(CannotChange):
            rule_from_precedent(session, coordinator, precedent_id, datetime.now(UTC))
        assert session.scalars(select(Emprise)).all() == []
