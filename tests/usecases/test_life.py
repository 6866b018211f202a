"""Random lives: legal and illegal acts by random people, against the real database.

A small model, written apart from the rules, says what each act should do. After every act each
signalement is compared with it, and its journal must add up to its state.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import QpvmapError
from qpvmap.core.journal import STATE_FIELDS, encoded, state_after
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.signalements import find_visible
from qpvmap.usecases import messages
from qpvmap.usecases.arbitration import decide
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.reassign import reassign, recategorise, set_priority
from qpvmap.usecases.signalements import submit
from tests.factories import make_actor, make_territory, submission
from tests.usecases.life_model import (
    ENDED,
    MOVES,
    ROLES,
    ROUTES,
    SPOILT,
    STOPPED,
    TEAMS,
    Report,
    World,
    handed_to,
    move_after,
)

EXAMPLES = {"deep": 150}
"""How many lives each profile of hypothesis draws; scripts/faults asks for the deep one."""

people = st.sampled_from(sorted(TEAMS))
texts = st.sampled_from(["", "   ", "Une raison.", "« Vu » avec <b>l’équipe</b> & co"])
numbers = st.integers(0, 3)
stale = st.sampled_from([0, 0, 0, 0, -1, 1])


class Life(RuleBasedStateMachine):
    """Acts drawn at random on a toy territory."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.kept: dict[str, list[Any]] = {}
        self.touched = 0

    @initialize()
    def people_come(self) -> None:
        self.toy = make_territory(self.session)
        self.world = World(
            {
                who: make_actor(self.session, self.toy, role, *sorted(TEAMS[who]))
                for who, role in ROLES.items()
            }
            | {"nobody": ANONYMOUS}
        )
        self.file("resident", "voirie")

    def teardown(self) -> None:
        for report in self.world.reports:
            self.compare(report)
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def act(self, index: int, after: Report | None, do: Callable[[Actor], Any], who: str) -> None:
        """Do something in a transaction of its own; it must be done or refused as foreseen."""
        self.touched, done = index, False
        with suppress(QpvmapError), self.session.begin_nested():
            do(self.world.actors[who])
            done = True
        assert done == (after is not None)
        if after is not None:
            self.world.reports[index] = after

    def pick(self, number: int) -> tuple[int, Report]:
        """Return one of the reports there are."""
        index = number % len(self.world.reports)
        return index, self.world.reports[index]

    @precondition(lambda self: len(self.world.reports) < 4)
    @rule(who=people, category=st.sampled_from(sorted(ROUTES)))
    def file(self, who: str, category: str) -> None:
        allowed = category != "rixe" or ROLES.get(who, Role.RESIDENT) is not Role.RESIDENT
        done = False
        with suppress(QpvmapError), self.session.begin_nested():
            receipt = submit(
                self.session,
                self.world.actors[who],
                self.toy.territory,
                submission(category=category),
                self.world.now,
            )
            done = True
        assert done == allowed
        if done:
            reference = receipt.signalement.reference
            self.touched = len(self.world.reports)
            self.world.reports.append(Report(reference, who, category, ROUTES[category]))

    @rule(days=st.sampled_from([0.1, 1, 3, 12, 31]))
    def time_passes(self, days: float) -> None:
        self.world.now += timedelta(days=days)

    @rule(
        number=numbers,
        who=people,
        to=st.sampled_from(Status),
        text=texts,
        outcome=st.none() | st.sampled_from(Outcome),
        ahead=st.none() | st.integers(-1, 5),
        whom=texts,
        off=stale,
    )
    def move_anyhow(
        self,
        number: int,
        who: str,
        to: Status,
        text: str,
        outcome: Outcome | None,
        ahead: int | None,
        whom: str,
        off: int,
    ) -> None:
        day = None if ahead is None else (self.world.now + timedelta(days=ahead)).date()
        self.move(number, who, Request(to, text, outcome, day, whom), off)

    @rule(number=numbers, spoilt=st.sampled_from([None, None, *SPOILT]), data=st.data())
    def move_as_the_table_says_but_for(
        self, number: int, spoilt: str | None, data: st.DataObject
    ) -> None:
        _, report = self.pick(number)
        there = data.draw(st.sampled_from([to for here, to in MOVES if here == report.status]))
        right = MOVES[report.status, there][0]
        able = [who for who in TEAMS if report.may(who, right) is (spoilt != "who")]
        who = data.draw(st.sampled_from(able))
        in_two_days = self.world.now.date() + timedelta(days=2)
        request = Request(Status(there), "Oui.", Outcome.NO_ACTION, in_two_days, "un tiers")
        self.move(number, who, replace(request, **SPOILT.get(spoilt, {})), 0)

    def move(self, number: int, who: str, request: Request, off: int) -> None:
        index, report = self.pick(number)
        after = move_after(report, who, request, self.world.now) if off == 0 else None
        self.act(
            index,
            after,
            lambda actor: change_status(
                self.session,
                actor,
                report.reference,
                request,
                version=report.version + off,
                now=self.world.now,
            ),
            who,
        )

    def handle(
        self, number: int, who: str, text: str, off: int, change: Callable[[Report], Report | None]
    ) -> tuple[int, Report, Report | None]:
        """Return what is to become of a report whose handlers change it."""
        index, report = self.pick(number)
        busy = report.status in ENDED or report.status == "to_arbitrate"
        if busy or off or not text.strip() or not report.may(who, "team"):
            return index, report, None
        after = change(report)
        if after is not None:
            after = replace(after, version=report.version + 1, lines=report.lines + 1)
        return index, report, after

    @rule(number=numbers, who=people, team=st.sampled_from(
        ["technique-ouest", "technique-est", "police", "coordination", "personne"]
    ), text=texts, off=stale)  # fmt: skip
    def give_to_another_team(self, number: int, who: str, team: str, text: str, off: int) -> None:
        def given(report: Report) -> Report | None:
            refused = team in (report.team, "personne") or not report.may_go_to(team)
            return None if refused else handed_to(report, team)

        index, report, after = self.handle(number, who, text, off, given)
        version = report.version + off
        self.act(
            index,
            after,
            lambda actor: reassign(
                self.session, actor, report.reference, team, text, version, self.world.now
            ),
            who,
        )

    @rule(
        number=numbers,
        who=people,
        category=st.sampled_from([*ROUTES, "licorne"]),
        text=texts,
        off=stale,
    )
    def call_it_something_else(
        self, number: int, who: str, category: str, text: str, off: int
    ) -> None:
        def called(report: Report) -> Report | None:
            if category in (report.category, "licorne") or report.category == "rixe":
                return None
            renamed = replace(report, category=category)
            same_team = ROUTES[category] == report.team
            return renamed if same_team else handed_to(renamed, ROUTES[category])

        index, report, after = self.handle(number, who, text, off, called)
        version = report.version + off
        self.act(
            index,
            after,
            lambda actor: recategorise(
                self.session, actor, report.reference, category, text, version, self.world.now
            ),
            who,
        )

    @rule(number=numbers, who=people, priority=st.sampled_from(Priority), text=texts, off=stale)
    def press(self, number: int, who: str, priority: Priority, text: str, off: int) -> None:
        def pressed(report: Report) -> Report | None:
            return None if priority == report.priority else replace(report, priority=str(priority))

        index, report, after = self.handle(number, who, text, off, pressed)
        version = report.version + off
        self.act(
            index,
            after,
            lambda actor: set_priority(
                self.session, actor, report.reference, priority, text, version, self.world.now
            ),
            who,
        )

    @rule(number=numbers, who=people, team=st.sampled_from(["technique-est", "police", None]),
          text=texts, off=stale)  # fmt: skip
    def say_it_is_not_ours(
        self, number: int, who: str, team: str | None, text: str, off: int
    ) -> None:
        team = team or ("technique-est" if self.world.precedents else None)

        def refused(report: Report) -> Report | None:
            if team == report.team or (team and not report.may_go_to(team)):
                return None
            count = report.refusals + 1
            if count >= 2:
                return replace(
                    report, team="coordination", status="to_arbitrate", refusals=count,
                    planned_for=None,
                )  # fmt: skip
            return replace(
                report, team=team or "coordination", status="new", refusals=count, planned_for=None
            )

        index, report, after = self.handle(number, who, text, off, refused)
        version = report.version + off
        self.act(
            index,
            after,
            lambda actor: refuse(
                self.session, actor, report.reference, text, team, version, self.world.now
            ),
            who,
        )

    @rule(
        number=numbers,
        who=people,
        team=st.sampled_from(["technique-ouest", "technique-est", "police", "personne"]),
        text=texts,
        off=stale,
    )
    def decide_who_takes_it(self, number: int, who: str, team: str, text: str, off: int) -> None:
        index, report = self.pick(number)
        able = report.status == "to_arbitrate" and report.may(who, "coordination")
        after = None
        known = team != "personne" and report.may_go_to(team)
        if able and text.strip() and known and not off:
            after = replace(
                report,
                team=team,
                status="new",
                version=report.version + 1,
                lines=report.lines + 1,
            )
            self.world.precedents += 1
        version = report.version + off
        self.act(
            index,
            after,
            lambda actor: decide(
                self.session, actor, report.reference, team, text, version, self.world.now
            ),
            who,
        )

    @rule(number=numbers, who=people, text=texts, kind=st.sampled_from(
        ["answer", "note", "message"]
    ))  # fmt: skip
    def say(self, number: int, who: str, text: str, kind: str) -> None:
        index, report = self.pick(number)
        right = (
            who == report.author and who != "nobody"
            if kind == "message"
            else report.may(who, "team")
        )
        allowed = report.seen_by(who) and right and text.strip()
        after = replace(report, lines=report.lines + 1) if allowed else None
        write = getattr(messages, kind)
        self.act(
            index,
            after,
            lambda actor: write(self.session, actor, report.reference, text, self.world.now),
            who,
        )

    @invariant()
    def what_was_touched_is_as_foreseen(self) -> None:
        if self.world.reports:
            self.compare(self.world.reports[self.touched])

    @precondition(lambda self: self.world.reports)
    @invariant()
    def the_last_one_is_seen_by_those_who_may(self) -> None:
        report = self.world.reports[-1]
        for who in ("nobody", "resident", "mediator", "police"):
            found = find_visible(self.session, self.world.actors[who], report.reference)
            assert (found is not None) == report.seen_by(who), who

    def compare(self, report: Report) -> None:
        """Compare a row with the model, and its journal with the row."""
        self.session.expire_all()
        self.is_as_the_model_says(report)
        self.adds_up(report)

    def is_as_the_model_says(self, report: Report) -> None:
        row = self.row(report)
        assert (
            row.status, row.outcome, row.team.code, row.category.code, row.priority,
            row.planned_for, row.settled_at, row.refusals, row.reopenings, row.version,
        ) == (
            report.status, report.outcome, report.team, report.category, report.priority,
            report.planned_for, report.settled_at, report.refusals, report.reopenings,
            report.version,
        )  # fmt: skip
        assert row.nature == row.category.nature
        assert (row.clock_stopped_at is not None) == (row.status in STOPPED)
        assert bool(row.waiting_on) == (row.status == "waiting")
        assert (row.outcome is not None) == (row.status in ENDED)

    def adds_up(self, report: Report) -> None:
        row = self.row(report)
        lines = self.lines(row)
        assert [line.sequence for line in lines] == list(range(1, report.lines + 1))
        state = {name: encoded(getattr(row, name)) for name in STATE_FIELDS}
        assert state_after(line.changes for line in lines) == state
        assert (lines[-1].version, lines[-1].to_status) == (row.version, row.status)
        version, status = 0, None
        for line in lines:
            assert line.version == version + bool(line.changes)
            assert line.from_status == status
            version, status = line.version, line.to_status
        told = [(line.id, line.kind, line.comment, line.changes) for line in lines]
        before = self.kept.get(report.reference, [])
        assert told[: len(before)] == before
        self.kept[report.reference] = told

    def row(self, report: Report) -> Signalement:
        """Return the row of a report."""
        found = select(Signalement).where(Signalement.reference == report.reference)
        return self.session.scalars(found).one()

    def lines(self, row: Signalement) -> list[Event]:
        """Return the journal of a row, oldest first."""
        query = select(Event).where(Event.signalement_id == row.id).order_by(Event.sequence)
        return list(self.session.scalars(query))


def test_lives_at_random_follow_the_table_and_their_journals_add_up(engine: Engine) -> None:
    life = type("LifeHere", (Life,), {"engine": engine})
    run_state_machine_as_test(
        life,
        settings=settings(
            deadline=None,
            stateful_step_count=30,
            max_examples=EXAMPLES.get(settings.get_current_profile_name(), 8),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
