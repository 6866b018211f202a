"""The schema: reached from nothing, twice, and by two at once."""

import threading

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.storage import cluster, migrate
from qpvmap.storage.session import make_engine
from tests.factories import make_signalement, make_territory


def test_upgrade_from_nothing_leaves_no_drift(engine: Engine) -> None:
    assert migrate.differences(engine) == []
    assert migrate.current_revision(engine) == migrate.head_revision()


def test_two_servers_migrating_at_once_take_turns(server_url: str) -> None:
    url = cluster.create_database(server_url, "qpvmap_test_two_at_once", None)
    engines = [make_engine(url), make_engine(url)]
    failures: list[BaseException] = []

    def run(engine: Engine) -> None:
        try:
            migrate.upgrade(engine)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert migrate.differences(engines[0]) == []
    for engine in engines:
        engine.dispose()
    cluster.drop_database(server_url, "qpvmap_test_two_at_once")


@pytest.mark.parametrize("statement", ["update event set comment = 'x'", "delete from event"])
def test_the_journal_refuses_to_be_changed(session: Session, statement: str) -> None:
    make_signalement(session, make_territory(session))
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_every_foreign_key_has_an_index(engine: Engine) -> None:
    """A row of the parent cannot be removed, nor a join be fast, without it."""
    small = {"dataset_id", "category_id", "role_id", "indicator_key", "rule_id"}
    small |= {"updated_by", "decided_by", "recorded_by", "uploaded_by", "redacted_by"}
    journal = {("event", "actor_id"), ("event", "organisation_id")}
    look = inspect(engine)
    missing = []
    for table in look.get_table_names():
        if table.startswith("procrastinate_"):
            continue
        leading = {index["column_names"][0] for index in look.get_indexes(table)}
        leading |= {u["column_names"][0] for u in look.get_unique_constraints(table)}
        leading |= set(look.get_pk_constraint(table)["constrained_columns"][:1])
        for key in look.get_foreign_keys(table):
            column = key["constrained_columns"][0]
            if column not in leading | small and (table, column) not in journal:
                missing.append((table, column))
    assert missing == []
