"""A second `serve --demo` finds everything in place: it migrates nothing and loads nothing."""

import re
from pathlib import Path

from qpvmap.commands.demo import prepare_demo
from qpvmap.settings import Settings
from qpvmap.storage.migrate import upgrade
from qpvmap.storage.session import make_engine
from tests.conftest import QueryCounter

WRITES = re.compile(
    r"\s*(insert|update|delete|truncate|copy|alter|drop|create (?!extension))", re.I
)


def test_second_run_when_all_is_prepared_then_a_few_questions_and_no_write(
    blagis: str, tmp_path: Path, count_queries: QueryCounter
) -> None:
    settings = Settings(database_url=blagis, var_dir=tmp_path)
    engine = make_engine(blagis)
    first = prepare_demo(engine, settings)
    assert any("affiché une seule fois" in line for line in first)

    with count_queries(engine) as statements:
        upgrade(engine)
        second = prepare_demo(engine, settings)
    engine.dispose()

    assert [statement for statement in statements if WRITES.match(statement)] == []
    assert len(statements) <= 20, "\n".join(statements)
    assert second[:-2] == first[:-1]
