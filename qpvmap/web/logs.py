"""One JSON line for each request and fault: never an address, a name, a query or a form."""

import logging
import sys
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("qpvmap.web")

PROBES = ("static", "health.alive", "health.ready", "metrics.show")
"""Doors that a machine asks all day: neither logged nor counted."""


def configure(level: str) -> None:
    """Write JSON lines on the standard error, for this program and the libraries it uses."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def init_app(app: Flask) -> None:
    """Log how each request to `app` ended, static files and probes aside."""

    @app.before_request
    def start() -> None:
        """Note when the request came."""
        g.started = perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        """Write the line: the rule of the address rather than the address itself."""
        if request.endpoint in PROBES:
            return response
        log.info(
            "request",
            method=request.method,
            rule=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round(1000 * (perf_counter() - g.get("started", perf_counter())), 1),
        )
        return response
