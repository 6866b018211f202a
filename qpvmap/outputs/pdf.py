"""Print a page as PDF in a process of its own: bounded in time, in number, and in what it reaches.

The process is given the page and no secret: not the settings, not the database.
"""

import os
import subprocess
import sys
from threading import BoundedSemaphore

import structlog

log = structlog.get_logger()

PATIENCE_S = 45.0
WAIT_S = 10.0
AT_ONCE = 2
KEPT = ("PATH", "HOME", "LANG", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "FONTCONFIG_FILE")

_turns = BoundedSemaphore(AT_ONCE)


class CannotPrint(Exception):
    """The printer is busy, or gave up."""


def print_pdf(html: str, *, patience_s: float = PATIENCE_S) -> bytes:
    """Return the PDF of a page that carries all that it shows.

    Raises
    ------
    CannotPrint
        If too many are being printed, or this one takes longer than `patience_s`.
    """
    if not _turns.acquire(timeout=WAIT_S):
        raise CannotPrint("busy")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qpvmap.outputs.pdf_process"],
            input=html.encode(),
            capture_output=True,
            timeout=patience_s,
            check=True,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        raise CannotPrint("too long") from None
    except subprocess.CalledProcessError as failed:
        log.error("pdf_failed", said=failed.stderr.decode(errors="replace")[-2000:])
        raise CannotPrint("failed") from None
    finally:
        _turns.release()
    return done.stdout
