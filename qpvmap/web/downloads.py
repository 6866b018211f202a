"""Tables as files to keep: sent whole, under a name that says what they are."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from flask import Response

from qpvmap.outputs.spreadsheet import (
    CSV_TYPE,
    WORKBOOK_TYPES,
    WRITERS,
    Table,
    csv_parts,
)
from qpvmap.web.filters import request_now


def csv_file(table: Table, name: str) -> Response:
    """Return a table as a CSV named `NAME.csv`."""
    return as_file("".join(csv_parts(table)).encode(), CSV_TYPE, f"{name}.csv")


def workbook_file(tables: Sequence[Table], name: str, way: str = "xlsx") -> Response:
    """Return tables as a workbook named `NAME.WAY`, a sheet each; `way` is "xlsx" or "ods"."""
    written = BytesIO()
    WRITERS[way](tables, written, request_now())
    return as_file(written.getvalue(), WORKBOOK_TYPES[way], f"{name}.{way}")


def as_file(body: bytes, media_type: str, name: str) -> Response:
    """Return a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type=media_type, headers=headers)


FORMS: Mapping[str, Callable[[Table, str], Response]] = {
    "csv": csv_file,
    "xlsx": lambda table, name: workbook_file([table], name),
}
"""How one table is sent, by the ending of its name."""
