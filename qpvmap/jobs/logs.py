"""What the worker says of its jobs: their name and number, never what they carry."""

import logging
import re

ARGUMENTS = re.compile(r"(\w\[\d+\])\(.*\)", re.DOTALL)
"""A job as Procrastinate writes it, `send_mail[12](to='…', text='…')`: addresses and links."""


class WithoutArguments(logging.Filter):
    """Take out of a line of the log the arguments of the job that it names."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, shortened."""
        record.msg, record.args = ARGUMENTS.sub(r"\1", record.getMessage()), ()
        return True


def configure(level: str) -> None:
    """Write the worker's lines, shortened, on the standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(WithoutArguments())
    logging.basicConfig(
        level=level,
        handlers=[handler],
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    logging.getLogger("procrastinate").setLevel(max(logging.WARNING, logging.root.level))
