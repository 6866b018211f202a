"""Time the inbox on a million signalements: every tab, order and usual filter, counts included.

Asked as a page is, from the request to the answer, for a coordinator of the whole territory, a lead
of three teams and an agent of one. Printed as milliseconds, as a ratio to `select 1` in the same
run, and as the rows that the server says it read. `QPVMAP_BENCH_ROWS` makes it smaller.

It ends with a verdict: the views over the bound by the clock, the middle of three tries, and a code
that is not 0 when there are any. The clock is the machine's too: run it when nothing else does.
"""

import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from bench_locate import timed
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, text

from qpvmap.app import create_app, leave_aside_what_stays
from qpvmap.core.actors import Role
from qpvmap.core.inbox import CAPPED, ORDERS_OF, Cursor, Order, Tab
from qpvmap.settings import Settings
from qpvmap.storage import cluster, migrate
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.accounts import NewAccount, create_account
from qpvmap.usecases.territory import load_territory

ROWS = int(os.environ.get("QPVMAP_BENCH_ROWS", "1000000"))
TIMES = 3
BOUND_MS = 100
"""Within which a page comes, at the server."""
FILL = Path(__file__).with_name("bench_inbox.sql")
PEOPLE: Mapping[str, tuple[Role, tuple[str, ...]]] = {
    "coordination": (Role.COORDINATOR, ("coordination",)),
    "three teams": (Role.LEAD, ("ept-dechets", "ept-eclairage", "ept-eau")),
    "one team": (Role.AGENT, ("bagneux-technique",)),
}
HARDEST = (
    (Tab.LATE, Order.DEADLINE),
    (Tab.RESOLVED, Order.LATEST),
    (Tab.ALL, Order.NEWEST),
    (Tab.ALL, Order.STALEST),
)
BEGUN = datetime.now(UTC)
SECOND = str(Cursor(BEGUN - timedelta(days=3), 0))
FAR = str(Cursor(BEGUN - timedelta(days=120), 0))
FILTERS: Mapping[str, Mapping[str, str]] = {
    "no filter": {},
    "category": {"categorie": "depot-sauvage"},
    "commune": {"commune": "92007"},
    "IRIS": {"iris": "920140101"},
    "category, IRIS": {"categorie": "depot-sauvage", "iris": "920140101"},
    "inside the quarter": {"quartier": "1"},
    "within 300 m": {"quartier": "300"},
    "given to nobody": {"personne": "personne"},
    "twice late": {"retard": "double"},
    "with a photo": {"photo": "avec"},
    "without a photo": {"photo": "sans"},
    "a month": {"depuis": "2024-01-01", "jusqua": "2024-01-31"},
    "this year": {"depuis": "2026-01-01"},
    "before 2020": {"jusqua": "2019-12-31"},
    "zone of the map": {"zone": "2.300,48.784,2.304,48.787"},
    "zone, category, photo": {
        "zone": "2.300,48.784,2.304,48.787", "categorie": "voirie", "photo": "avec",
    },
    "common word": {"q": "lampadaires"},
    "rare word": {"q": "réverbères"},
    "slip of the pen": {"q": "révebère"},
    "reference": {"q": "0000421"},
    "two words": {"q": "sacs eventres"},
    "nothing like it": {"q": "xylophone"},
    "waiting": {"etat": "waiting"},
    "confidential": {"nature": "tranquillite"},
    "tags": {"categorie": "tags"},
    "a category of others": {"categorie": "encombrants"},
    "a team": {"service": "ept-eau"},
    "a month, common word": {"depuis": "2024-01-01", "jusqua": "2024-01-31", "q": "lampadaire"},
    "mine": {"personne": "moi"},
    "late, a category": {"retard": "oui", "categorie": "voirie"},
    "twice late, photo, near": {"retard": "double", "photo": "avec", "quartier": "300"},
    "a quarter": {"qpv": "QN09219N"},
    "a team, a month": {
        "service": "ept-eau", "depuis": "2025-03-01", "jusqua": "2025-03-31",
    },
    "near, nobody, no photo": {"quartier": "300", "personne": "personne", "photo": "sans"},
    "resolved of a year": {"etat": "resolved", "depuis": "2025-01-01", "jusqua": "2025-12-31"},
    "a beginning": {"q": "lamp"},
    "three words": {"q": "canapé matelas abandonnés"},
    "word everywhere": {"q": "rue"},
    "everywhere, near": {"q": "rue", "quartier": "300"},
    "everywhere, a category": {"q": "devant rue", "categorie": "voirie"},
    "everywhere, IRIS": {"q": "rue", "iris": "920140101"},
    "everywhere, a month": {"q": "rue", "depuis": "2024-01-01", "jusqua": "2024-01-31"},
    "everywhere, twice late": {"q": "rue", "retard": "double"},
    "common, everywhere": {"q": "lampadaire rue"},
    "rare, everywhere": {"q": "réverbère rue"},
    "common word, commune": {"q": "lampadaire", "commune": "92007"},
    "common word, category": {"q": "lampadaire", "categorie": "voirie"},
    "common word, near, photo": {"q": "trottoir", "quartier": "300", "photo": "avec"},
    "common word, a team": {"q": "lampadaire", "service": "ept-eau"},
    "common word, zone": {"q": "lampadaire", "zone": "2.300,48.784,2.304,48.787"},
    "common word, late": {"q": "lampadaire", "retard": "oui"},
    "slip for a common word": {"q": "lampadère"},
    "a street": {"q": "rue des Blagis"},
    "an address": {"q": "12 rue Marie Curie"},
    "a street, first word last": {"q": "jaurès rue"},
    "number alone": {"q": "12"},
    "whole reference": {"q": "BL-2024-0100000"},
    "words of grammar": {"q": "le de la"},
    "category by its name": {"q": "voirie"},
    "category's name, a word": {"q": "épave"},
    "category's name, near": {"q": "eau", "quartier": "300"},
    "second page, category": {"categorie": "depot-sauvage", "apres": SECOND},
    "second page, near": {"quartier": "300", "apres": SECOND},
    "second page, common word": {"q": "lampadaire", "apres": SECOND},
    "far page, common word": {"q": "lampadaire", "apres": FAR},
    "far page, a street": {"q": "rue des Blagis", "apres": FAR},
}  # fmt: skip
AFTER: Mapping[bool, Mapping[str, timedelta]] = {
    True: {"first": timedelta(0), "second": timedelta(days=3), "far": timedelta(days=70)},
    False: {"first": timedelta(0), "second": timedelta(days=3), "far": timedelta(days=1900)},
}
"""How old the mark is that a page begins after, by whether its tab holds the work left."""


def prepare(url: str) -> dict[str, str]:
    """Load the pilot territory, its people and the rows; return the people's session keys."""
    engine, now = make_engine(url), datetime.now(UTC)
    migrate.upgrade(engine)
    keys = {}
    with transaction(engine) as session:
        load_territory(session, "blagis", now)
        for number, (name, (role, teams)) in enumerate(PEOPLE.items()):
            person = NewAccount(f"mesure{number}@demo.example", name, (role,), teams, "blagis")
            keys[name] = create_account(session, person, now).fs_uniquifier
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        fill(connection)
        connection.execute(text("vacuum analyze"))
    engine.dispose()
    return keys


def fill(connection: Connection) -> None:
    """Make the rows, the indexes of the table left for after."""
    indexes = connection.execute(
        text(
            "select indexname, indexdef from pg_indexes"
            " where tablename = 'signalement' and indexdef not like 'CREATE UNIQUE%'"
        )
    ).all()
    for name, _ in indexes:
        connection.execute(text(f"drop index {name}"))
    connection.execute(text("select set_config('bench.rows', :rows, false)"), {"rows": str(ROWS)})
    connection.exec_driver_sql(FILL.read_text(encoding="utf-8").replace("%", "%%"))
    connection.execute(text("set maintenance_work_mem = '256MB'"))
    for _, definition in indexes:
        connection.exec_driver_sql(definition.replace("%", "%%"))


def views() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each tab, order and page under no filter, and each filter in the hardest views."""
    for tab in Tab:
        for order in ORDERS_OF.get(tab, tuple(Order)):
            for page, age in AFTER[tab not in CAPPED].items():
                after = {"apres": str(Cursor(BEGUN - age, 0))} if age else {}
                yield f"{tab}, {order}, {page}", {"vue": str(tab), "tri": str(order), **after}
    for name, filters in FILTERS.items():
        for tab, order in HARDEST:
            yield f"{tab}, {order}, {name}", {"vue": str(tab), "tri": str(order), **filters}


def rows_read(plan: Mapping[str, Any]) -> int:
    """Return how many rows a plan's scans read, those thrown away included."""
    mine = 0
    if "Scan" in plan["Node Type"] and plan["Node Type"] != "Bitmap Index Scan":
        thrown = plan.get("Rows Removed by Filter", 0)
        mine = (plan["Actual Rows"] + thrown) * plan["Actual Loops"]
    return int(mine) + sum(rows_read(part) for part in plan.get("Plans", ()))


class Explained:
    """The statements that a request sends, and what the server read for them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sent: list[tuple[str, Any]] = []

    def __enter__(self) -> "Explained":
        """Begin to note."""
        event.listen(self.engine, "before_cursor_execute", self.note)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        event.remove(self.engine, "before_cursor_execute", self.note)

    def note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        """Keep a statement that reads signalements."""
        if statement.startswith(("SELECT", "WITH")) and "signalement" in statement:
            self.sent.append((statement, parameters))

    def rows(self) -> int:
        """Return the rows read by all of them."""
        read = 0
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "select set_config('plan_cache_mode', 'force_custom_plan', true),"
                    " set_config('max_parallel_workers_per_gather', '0', true),"
                    " set_config('work_mem', '16MB', true)"
                )
            )
            for statement, parameters in self.sent:
                found = connection.exec_driver_sql(
                    f"explain (analyze, timing off, format json) {statement}", parameters
                ).scalar_one()
                plan = json.loads(found) if isinstance(found, str) else found
                read += rows_read(plan[0]["Plan"])
        return read


def on_processor_ms(engine: Engine) -> float:
    """Return how long this program and its one connection's server were on a processor."""
    with engine.connect() as connection:
        pid = connection.scalar(text("select pg_backend_pid()"))
    nanoseconds = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return nanoseconds / 1e6 + time.process_time() * 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """A view, by the clock (the middle of the tries) and by the time on a processor."""

    title: str
    clock_ms: float
    busy_ms: float


def measure(app: Flask, keys: Mapping[str, str]) -> list[Measured]:
    """Return what each view takes, printed as it is known: one line for each."""
    engine: Engine = app.extensions["qpvmap"].engine
    with transaction(engine) as session:
        unit = statistics.median(timed([lambda: session.scalar(text("select 1"))] * 200))
    measured: list[Measured] = []
    for name, key in keys.items():
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = key, True
        for title, query in views():
            with Explained(engine) as explained:
                client.get("/corbeille", query_string=query)
            view = tried(engine, client, f"{name:<13} {title}", query)
            measured.append(view)
            click.echo(
                f"{view.title:<60} clock {view.clock_ms:7.1f} ms   x {view.clock_ms / unit:5.0f}"
                f"   busy {view.busy_ms:6.1f} ms   rows {explained.rows():>8}"
            )
    return measured


def tried(engine: Engine, client: FlaskClient, title: str, query: Mapping[str, str]) -> Measured:
    """Return what a view takes, asked `TIMES` times."""
    durations, busy = [], on_processor_ms(engine)
    for _ in range(TIMES):
        started = time.perf_counter()
        answer = client.get("/corbeille", query_string=query)
        durations.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise click.ClickException(f"{title}: {answer.status}")
    busy = (on_processor_ms(engine) - busy) / TIMES
    return Measured(title, statistics.median(durations), busy)


def verdict(measured: list[Measured]) -> bool:
    """Print what the figures come to and the views over the bound; return whether all hold."""
    for words, times in (
        ("clock, the middle of three tries", [view.clock_ms for view in measured]),
        ("time on a processor", [view.busy_ms for view in measured]),
    ):
        cuts = statistics.quantiles(times, n=100)
        click.echo(
            f"{len(times)} views of {ROWS} rows, {words}: p50 {cuts[49]:.1f}   p95 {cuts[94]:.1f}"
            f"   most {max(times):.1f} ms, {sum(each > BOUND_MS for each in times)} over {BOUND_MS}"
        )
    click.echo(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    over = sorted(
        (view for view in measured if view.clock_ms > BOUND_MS), key=lambda view: -view.clock_ms
    )
    for view in over:
        click.echo(f"OVER  {view.title:<60} {view.clock_ms:7.1f} ms, busy {view.busy_ms:6.1f}")
    click.echo(f"not held: {len(over)} views" if over else f"held: none over {BOUND_MS} ms")
    return not over


def main() -> None:
    """Run the application on a throw-away cluster; end with 1 when a view is over the bound."""
    with cluster.throwaway() as url, tempfile.TemporaryDirectory() as folder:
        keys = prepare(url)
        settings = Settings(
            database_url=url,
            var_dir=Path(folder),
            secret_key=secrets.token_hex(),
            geocoder_url="",
        )
        app = create_app(settings)
        leave_aside_what_stays()  # as a web worker does
        held = verdict(measure(app, keys))
        app.extensions["qpvmap"].engine.dispose()
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
