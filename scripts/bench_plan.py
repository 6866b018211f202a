"""Time the investment plan with 500 operations: its statement, then each of its pages.

Printed as milliseconds, on the clock and on the processors (ours and PostgreSQL's), and as a ratio
to `select 1` in the same run. `QPVMAP_BENCH_OPERATIONS` makes it smaller or larger.
"""

import os
import secrets
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from bench_inbox import on_processor_ms
from bench_locate import timed
from flask import Flask
from sqlalchemy import Engine, text

from qpvmap.app import create_app, leave_aside_what_stays
from qpvmap.core.actors import Role
from qpvmap.settings import Settings
from qpvmap.storage import cluster, migrate
from qpvmap.storage.operations import measure_plans, whole_plan
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.accounts import NewAccount, create_account
from qpvmap.usecases.territory import load_territory

OPERATIONS = int(os.environ.get("QPVMAP_BENCH_OPERATIONS", "500"))
TIMES = 9
PAGES = ("", "/tableau", "/calendrier", "/argent", "/perimetres", "/BEN-1")
FILL = text("""
    with added as (
        insert into operation (
            territory_id, code, insee_code, title, theme, work, status, location,
            position_quality, cost, starts_on, starts_precision, natures
        )
        select base.territory_id, 'BEN-' || n, base.insee_code, base.title || ' ' || n, base.theme,
               base.work, base.status,
               st_translate(base.location, (n % 23 - 11) * 0.0007, (n % 17 - 8) * 0.0005),
               base.position_quality, n * 1000, date '2024-01-01' + n % 2000, 'month', base.natures
        from generate_series(1, :wanted) as n
        join (
            select operation.*, row_number() over (order by id) as rank, count(*) over () as many
            from operation where location is not null
        ) as base on base.rank = n % base.many + 1
        returning id, cost, starts_on
    ), paid as (
        insert into funding_line (operation_id, position, funder_id, year, agreed)
        select added.id, who.position, who.id, extract(year from added.starts_on), added.cost / 3
        from added cross join (select id, row_number() over (order by id) as position
                               from funder order by id limit 2) as who
    )
    insert into operation_step (operation_id, position, status, starts_on, starts_precision)
    select added.id, 1, 'studies', added.starts_on, 'month' from added
""")


def prepare(url: str) -> str:
    """Load the pilot territory and fill its plan; return the session key of a planner."""
    engine, now = make_engine(url), datetime.now(UTC)
    migrate.upgrade(engine)
    with transaction(engine) as session:
        load_territory(session, "blagis", now)
        person = NewAccount("mesure@demo.example", "Mesure", (Role.PLANNER,), (), "blagis")
        key = create_account(session, person, now).fs_uniquifier
        known = session.scalar(text("select count(*) from operation")) or 0
        session.execute(FILL, {"wanted": max(OPERATIONS - known, 1)})
        started = time.perf_counter()
        count = measure_plans(session)
        took = (time.perf_counter() - started) * 1000
        click.echo(f"{count} operations measured to both generations in {took:.0f} ms")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    engine.dispose()
    return key


def measure(app: Flask, key: str) -> None:
    """Print one line for the statement, then one for each page, as anybody and as a planner."""
    engine: Engine = app.extensions["qpvmap"].engine
    with transaction(engine) as session:
        unit = statistics.median(timed([lambda: session.scalar(text("select 1"))] * 200))
        territory_id = session.scalar(text("select id from territory"))
        whole_plan(session, territory_id)
        p50 = statistics.median(timed([lambda: whole_plan(session, territory_id)] * TIMES))
        count = len(whole_plan(session, territory_id))
    click.echo(f"{'the plan, read':<28} p50 {p50:7.1f} ms   x {p50 / unit:5.0f}")
    anybody, planner = app.test_client(), app.test_client()
    with planner.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = key, True
    for name, client in (("anybody", anybody), ("planner", planner)):
        for page in PAGES:
            path = f"/operations{page}"
            client.get(path)
            durations, busy = [], on_processor_ms(engine)
            for _ in range(TIMES):
                started = time.perf_counter()
                answer = client.get(path)
                durations.append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise click.ClickException(f"{path}: {answer.status}")
            busy = (on_processor_ms(engine) - busy) / TIMES
            p50 = statistics.median(durations)
            click.echo(
                f"{name:<8} {path:<20} p50 {p50:7.1f} ms   x {p50 / unit:5.0f}"
                f"   busy {busy:6.1f} ms   {len(answer.data) // 1024:>5} kB"
            )
    click.echo(f"{count} operations; select 1: {unit:.3f} ms")


def main() -> None:
    """Run the application on a throw-away cluster and print the figures."""
    with cluster.throwaway() as url, tempfile.TemporaryDirectory() as folder:
        key = prepare(url)
        settings = Settings(
            database_url=url,
            var_dir=Path(folder),
            secret_key=secrets.token_hex(),
            geocoder_url="",
        )
        app = create_app(settings)
        leave_aside_what_stays()  # as a web worker does
        measure(app, key)
        app.extensions["qpvmap"].engine.dispose()


if __name__ == "__main__":
    main()
