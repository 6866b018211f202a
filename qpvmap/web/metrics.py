"""`/metrics`: how the site runs, for a supervisor that speaks Prometheus' text format.

Closed until the installation sets a token. Counts alone: no address, person, team or place.
"""

from collections.abc import Iterable, Iterator, Mapping
from hmac import compare_digest
from shutil import disk_usage
from time import perf_counter

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from qpvmap import __version__
from qpvmap.storage.metrics import figures
from qpvmap.storage.sendings import worker_health
from qpvmap.web.filters import request_now
from qpvmap.web.logs import PROBES
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session
from qpvmap.web.tallies import BOUNDS_S, Tally, Totals

bp = Blueprint("metrics", __name__)

EXTENSION = "qpvmap_tally"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]
"""What follows the name of a figure, its labels, its value."""


@bp.get("/metrics")
@public  # its own token opens it
def show() -> Response:
    """Return the figures to whoever has the token; without one set, there is no such page."""
    token = runtime().settings.metrics_token
    if token is None:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        return _answer("unauthorized\n", 401, {"WWW-Authenticate": "Bearer"})
    tally: Tally = current_app.extensions[EXTENSION]
    parts = (*_of_the_process(tally.totals()), *_of_the_disk(), *_of_the_database())
    return _answer("".join(parts), 200, {})


def init_app(app: Flask) -> None:
    """Count how each request to `app` ends, static files and probes aside."""
    settings = app.extensions["qpvmap"].settings
    tally = app.extensions[EXTENSION] = Tally(settings.metrics_dir)

    @app.after_request
    def count(response: Response) -> Response:
        """Count the answer, and how long it took."""
        if request.endpoint not in PROBES:
            now = perf_counter()
            tally.add(request.method, response.status_code, now - g.get("started", now))
        return response


def _of_the_process(totals: Totals) -> Iterator[str]:
    yield figure("info", "gauge", "Version that runs.", [("", {"version": __version__}, 1)])
    yield figure(
        "http_requests_total",
        "counter",
        "Requests answered, static files and probes aside.",
        [
            ("", {"method": method, "status": family}, count)
            for (method, family), count in totals.answers.items()
        ],
    )
    yield figure("http_request_seconds", "histogram", "Time to answer.", _durations(totals))


def _durations(totals: Totals) -> Iterator[Sample]:
    below = 0
    for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), totals.durations, strict=True):
        below += count
        yield "_bucket", {"le": bound}, below
    yield "_sum", {}, round(totals.seconds, 6)
    yield "_count", {}, below


def _of_the_disk() -> Iterator[str]:
    disk = disk_usage(runtime().settings.var_dir)
    yield gauge("disk_free_bytes", "Room left where the var folder is.", disk.free)
    yield gauge("disk_size_bytes", "Size of the disk where the var folder is.", disk.total)


def _of_the_database() -> list[str]:
    """Return what the database says; that it does not answer, when it does not."""
    words = "Whether the database answers."
    try:
        return [*_of_the_queue(), *_of_the_sendings(), gauge("database_up", words, 1)]
    except SQLAlchemyError:
        return [gauge("database_up", words, 0)]


def _of_the_queue() -> Iterator[str]:
    now = request_now()
    health = worker_health(request_session(), now)
    waits = (now - health.oldest_at).total_seconds() if health.oldest_at else 0
    yield gauge("jobs_waiting", "Background jobs that are due.", health.waiting)
    yield gauge("jobs_oldest_wait_seconds", "How long the oldest of them waits.", max(waits, 0))
    yield gauge("jobs_failed", "Background jobs given up.", health.failed)
    if health.seen_at:
        silent = (now - health.seen_at).total_seconds()
        yield gauge("worker_silent_seconds", "Since a worker last said that it lives.", silent)


def _of_the_sendings() -> Iterator[str]:
    seen = figures(request_session())
    states = {"under_way": seen.under_way, "failed": seen.failed, "in_doubt": seen.in_doubt}
    samples = [("", {"state": state}, count) for state, count in states.items()]
    yield figure("sendings", "gauge", "Mails and notifications that have not left.", samples)
    yield gauge("database_size_bytes", "Size of the database.", seen.size_bytes)


def gauge(name: str, words: str, value: float) -> str:
    """Return a figure that goes up and down."""
    return figure(name, "gauge", words, [("", {}, value)])


def figure(name: str, kind: str, words: str, samples: Iterable[Sample]) -> str:
    """Return a figure as the format has it: what it is, then its samples."""
    full = f"qpvmap_{name}"
    lines = [f"# HELP {full} {words}", f"# TYPE {full} {kind}"]
    for ending, labels, value in samples:
        said = ",".join(f'{key}="{word}"' for key, word in labels.items())
        lines.append(f"{full}{ending}{f'{{{said}}}' if said else ''} {value}")
    return "\n".join(lines) + "\n"


def _answer(text: str, status: int, headers: Mapping[str, str]) -> Response:
    kept = {"Cache-Control": "no-store", **headers}
    return Response(text, status, content_type=FORMAT, headers=kept)
