"""What every application and engine of the tests works out alike is worked out once per process.

Each test has an application and a database of its own; what a route, a template or a statement
compiles to does not depend on them, and took more time than most tests. Nothing else is shared.
"""

import gc
from collections.abc import Callable
from typing import Any, ClassVar

from apiflask import APIFlask
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS_KEPT = 2000
YOUNG_OBJECTS = 50_000


class KeptTemplates(BytecodeCache):
    """The byte code of templates; Jinja compares the source, so that a changed one is not used."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


class KeptRule(Rule):
    """A rule whose function that writes addresses is compiled once: it holds nothing of its map."""

    kept: ClassVar[dict[Any, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, self.subdomain, self.host, repr(self.defaults), append_unknown)
        if key not in self.kept:
            self.kept[key] = super()._compile_builder(append_unknown)
        return self.kept[key]


class KeptStatements(PGDialect_psycopg):
    """The dialect of all engines of the tests, equal to itself: they compile a statement once."""

    supports_statement_cache = True
    kept: ClassVar[LRUCache[Any, Any]] = LRUCache(STATEMENTS_KEPT)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=cls.kept)


def work_out_once() -> None:
    """Have the applications and engines made from now on share what they compile."""
    Flask.jinja_options = {"bytecode_cache": KeptTemplates()}
    APIFlask.url_rule_class = KeptRule
    registry.register("postgresql.psycopg", __name__, KeptStatements.__name__)


def leave_aside_what_is_loaded() -> None:
    """Have the collector of garbage go through what tests make, not through all modules again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
