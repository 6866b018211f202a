"""The engine of every process."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from qpvmap.storage.session import make_engine


def test_error_when_a_statement_fails_then_says_nothing_of_its_values(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1)
    with engine.connect() as connection, pytest.raises(DataError) as failure:
        connection.execute(
            text("select cast(:n as integer), :words"),
            {"n": 10**12, "words": "un mot de quelqu’un"},
        )
    engine.dispose()
    assert "cast" in str(failure.value)
    assert "quelqu’un" not in str(failure.value)
